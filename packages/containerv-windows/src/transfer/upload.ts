import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import {
  containerPath,
  ContainervError,
  throwIfAborted,
  type TransferReport,
  type UploadSpec,
} from 'containerv-api';
import { guestFailure } from './guest-failure.js';
import type { GuestShell, GuestStep } from './guest-shell.js';
import { walkHost } from './host-tree.js';
import { dialectOf, runSteps } from './run-steps.js';
import { StagingArea } from './staging-area.js';
import { Tally } from './tally.js';
import { isWindowsPath } from './windows-name.js';

/** As much as is staged before the container takes it: a transfer needs that much disk beside its own. */
const BATCH_BYTES = 256 * 1024 * 1024;
const BATCH_STEPS = 500;
/** The staged name, the names of variables. */
const PER_STEP_CHARACTERS = 200;

interface Planned {
  readonly step: GuestStep;
  readonly from: string | undefined;
  readonly bytes: number;
}

/**
 * Copies everything that an upload lists: into the staging directory first, from where a shell of the container takes it
 * to its place. Owners are not kept: files are whose shell it is.
 *
 * @param staging the host's path of the directory that the container sees at `shell.stagingPath`
 * @throws TransferError
 */
export async function upload(shell: GuestShell, staging: string, spec: UploadSpec): Promise<TransferReport> {
  throwIfAborted(spec.signal, 'upload');
  const run = new Upload(shell, new StagingArea(staging), spec);
  try {
    await run.everything();
  } finally {
    await run.area.remove();
  }
  return run.tally.finish();
}

class Upload {
  readonly area: StagingArea;
  readonly tally: Tally;
  readonly #shell: GuestShell;
  readonly #spec: UploadSpec;
  #batch: Planned[] = [];
  #batchBytes = 0;
  #batchCharacters = 0;

  constructor(shell: GuestShell, area: StagingArea, spec: UploadSpec) {
    this.#shell = shell;
    this.area = area;
    this.#spec = spec;
    this.tally = new Tally('upload', spec);
  }

  async everything(): Promise<void> {
    for (const { from, to, follow } of this.#spec.trees) await this.#tree(from, to, follow);
    for (const { from, to } of this.#spec.contents) await this.#content(from, to);
    await this.#flush();
  }

  async #tree(root: string, target: string, follow: boolean): Promise<void> {
    for await (const entry of walkHost(root, follow)) {
      if (this.tally.aborted) return;
      const from = entry.path === '' ? root : `${root}/${entry.path}`;
      const to = entry.path === '' ? target : `${target === '/' ? '' : target}/${entry.path}`;
      try {
        if (entry.kind === 'failure') throw entry.error;
        const inside = this.#inside(to, entry.path);
        if (entry.kind === 'directory') await this.#plan(from, 0, { kind: 'directory', to: inside });
        else if (entry.kind === 'link') await this.#link(from, entry.target, inside);
        else await this.#file(from, entry.source, inside, entry.executable);
      } catch (error) {
        this.tally.failed({ from, to }, error);
      }
    }
  }

  async #file(from: string, source: string, to: string, executable: boolean): Promise<void> {
    const { size } = await stat(source);
    const staged = this.area.reserve();
    await this.area.put(staged, source);
    await this.#plan(from, size, { kind: 'put', staged, to, executable });
  }

  async #link(from: string, target: string, to: string): Promise<void> {
    if (this.#shell.os === 'windows') {
      throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', 'Links are not copied to Windows containers', {
        step: 'upload',
        path: from,
        hint: 'A slash at the end of `from` copies what a link leads to.',
      });
    }
    await this.#plan(from, 0, { kind: 'link', target: target.replaceAll('\\', '/'), to });
  }

  async #content(from: UploadSpec['contents'][number]['from'], to: string): Promise<void> {
    if (this.tally.aborted) return;
    try {
      const inside = this.#inside(to, '');
      const staged = this.area.reserve();
      const file = (await this.area.create(staged)).createWriteStream();
      const { signal } = this.#spec;
      await pipeline(
        from instanceof Uint8Array ? [from] : from,
        file,
        signal === undefined ? {} : { signal },
      );
      await this.#plan(undefined, file.bytesWritten, { kind: 'put', staged, to: inside, executable: false });
    } catch (error) {
      if (!this.tally.aborted) this.tally.failed({ from: undefined, to }, error);
    }
  }

  /** As the container spells it; a name that would be another one there is refused rather than changed. */
  #inside(to: string, below: string): string {
    if (this.#shell.os === 'linux') return containerPath(to, 'linux');
    if (below !== '' && !isWindowsPath(below)) throw notAName('upload', to);
    const whole = containerPath(to, 'wcow');
    const names = whole.slice('C:\\'.length).replaceAll('\\', '/');
    if (names !== '' && !isWindowsPath(names)) throw notAName('upload', to);
    return whole;
  }

  async #plan(from: string | undefined, bytes: number, step: GuestStep): Promise<void> {
    this.#batch.push({ step, from, bytes });
    this.#batchBytes += bytes;
    this.#batchCharacters += 'to' in step ? 2 * step.to.length + PER_STEP_CHARACTERS : 0;
    const full =
      this.#batchBytes >= BATCH_BYTES ||
      this.#batch.length >= BATCH_STEPS ||
      this.#batchCharacters >= dialectOf(this.#shell).maxCharacters;
    if (full) await this.#flush();
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#batchCharacters = 0;
    if (batch.length === 0 || this.tally.aborted) return;
    const ends = ({ from, step }: Planned): { from: string | undefined; to: string | undefined } => ({
      from,
      to: 'to' in step ? step.to : undefined,
    });
    try {
      const steps = batch.map(({ step }) => step);
      const failures = await runSteps(this.#shell, steps, 'upload', this.#spec.signal);
      for (const [index, planned] of batch.entries()) {
        const reason = failures.get(index);
        const { step, bytes } = planned;
        if (reason !== undefined) {
          this.tally.failed(ends(planned), guestFailure('upload', ends(planned).to ?? '', reason));
        } else if (step.kind === 'directory' || step.kind === 'link') this.tally.copied(step.kind);
        else this.tally.copied('file', bytes);
      }
    } catch (error) {
      if (!this.tally.aborted) for (const planned of batch) this.tally.failed(ends(planned), error);
    } finally {
      await this.area.remove(batch.flatMap(({ step }) => ('staged' in step ? [step.staged] : [])));
    }
  }
}

function notAName(step: 'upload' | 'download', path: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', 'Windows has no such names of files', {
    step,
    path,
  });
}
