import {
  abortError,
  ContainervError,
  isContainervError,
  TransferError,
  type TransferFailure,
  type TransferReport,
  type TransferSpec,
} from 'containerv-api';

const MAX_FAILURES = 1000;
const PROGRESS_INTERVAL_MS = 100;

type Ends = Pick<TransferFailure, 'from' | 'to'>;

/** Counts what one transfer has copied, and what it has not. */
export class Tally {
  readonly #step: 'upload' | 'download';
  readonly #spec: Pick<TransferSpec, 'signal' | 'onProgress' | 'reject'>;
  readonly #startedAt = performance.now();
  readonly #counts = { file: 0, directory: 0, link: 0 };
  readonly #failures: TransferFailure[] = [];
  #bytes = 0;
  #failed = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(step: 'upload' | 'download', spec: Pick<TransferSpec, 'signal' | 'onProgress' | 'reject'>) {
    this.#step = step;
    this.#spec = spec;
  }

  get aborted(): boolean {
    return this.#spec.signal?.aborted === true;
  }

  copied(kind: 'file' | 'directory' | 'link', bytes = 0): void {
    this.#counts[kind]++;
    this.#bytes += bytes;
    const now = performance.now();
    if (now - this.#toldAt < PROGRESS_INTERVAL_MS) return;
    this.#toldAt = now;
    this.#tell();
  }

  failed(ends: Ends, error: unknown): void {
    this.#failed++;
    if (this.#failures.length === MAX_FAILURES) return;
    this.#failures.push({ ...ends, error: transferError(error, this.#step, ends) });
  }

  /** @throws TransferError for an abortion, and for failures unless those are only to be reported */
  finish(): TransferReport {
    this.#tell();
    const { file, directory, link } = this.#counts;
    const report: TransferReport = {
      files: file,
      directories: directory,
      links: link,
      bytes: this.#bytes,
      failures: this.#failures,
      failed: this.#failed,
      durationMs: performance.now() - this.#startedAt,
    };
    const { signal, reject } = this.#spec;
    if (signal !== undefined && this.aborted) {
      const { code, cause } = abortError(signal);
      throw new TransferError(code, 'The operation was aborted', report, { step: this.#step, cause });
    }
    const [first] = this.#failures;
    if (!reject || first === undefined) return report;
    const others = this.#failed === 1 ? '' : ` (and ${this.#failed - 1} more, see \`report.failures\`)`;
    const { code, summary, path, hint } = first.error;
    throw new TransferError(code, `${summary.replace(`${this.#step}: `, '')}${others}`, report, {
      step: this.#step,
      path,
      hint,
      cause: first.error,
    });
  }

  #tell(): void {
    const { file, directory, link } = this.#counts;
    this.#spec.onProgress?.({ bytes: this.#bytes, entries: file + directory + link });
  }
}

/** Streams of callers and the file system reject with anything. */
function transferError(error: unknown, step: string, { from, to }: Ends): ContainervError {
  if (isContainervError(error)) return error;
  const said = error instanceof Error ? error.message : String(error);
  const errno = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return new ContainervError(
    errno === 'ENOENT' ? 'ERR_CONTAINERV_NOT_FOUND' : 'ERR_CONTAINERV_SYSTEM',
    `Cannot copy: ${said}`,
    { step, path: from ?? to, errno, cause: error },
  );
}
