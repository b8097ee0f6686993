import { EventEmitter } from 'node:events';
import path from 'node:path';
import {
  abortError,
  ContainervError,
  isContainervError,
  throwIfAborted,
  TransferError,
  type TransferFailure,
  type TransferReport,
  type TransferSpec,
} from 'containerv-api';
import type { Channel } from '../channel.js';
import type { Native, TransferCounts } from '../native.js';
import { copyContent } from './contents.js';
import { transferFailure } from './failure.js';
import { Progress } from './progress.js';
import { copyTrees } from './trees.js';

const ECONNRESET = 104;

const NOTHING: TransferCounts = {
  files: 0,
  directories: 0,
  links: 0,
  bytes: 0,
  failed: 0,
  ended: '',
  failures: [],
};

/** Copies everything that a transfer lists, and tells what came of it. @throws TransferError */
export async function transfer(
  native: Native,
  channel: Channel,
  direction: 'upload' | 'download',
  spec: TransferSpec,
  mappedMounts: boolean,
): Promise<TransferReport> {
  throwIfAborted(spec.signal, direction);
  const startedAt = performance.now();
  // A stream may fail while others are copied, before anybody else listens to it; its copy tells.
  for (const { from, to } of spec.contents) {
    for (const end of [from, to]) if (end instanceof EventEmitter) end.on('error', () => {});
  }
  using progress = new Progress(spec.onProgress);
  const counts =
    spec.trees.length > 0
      ? await copyTrees(native, channel, direction, spec, mappedMounts, progress)
      : NOTHING;
  progress.settle();
  const failures = treeFailures(counts, direction, spec);
  let { files, bytes, failed } = counts;
  if (counts.ended === 'gone' || (failed > 0 && channel.closed)) {
    // First: whatever else failed may have for that.
    failures.unshift({ from: undefined, to: undefined, error: gone(direction) });
    failed++;
  }
  for (const content of spec.contents) {
    if (isAborted(spec) || counts.ended !== '') break;
    try {
      bytes += await copyContent(native, channel, content, spec.signal, progress);
      progress.settle();
      files++;
    } catch (error) {
      progress.drop();
      if (isAborted(spec)) break;
      failures.push({
        from: named(content.from),
        to: named(content.to),
        // What is said of a container that is being taken down is said of what is left of it.
        error: channel.closed ? gone(direction) : contentError(error, direction),
      });
      failed++;
    }
  }
  const { directories, links } = counts;
  const durationMs = performance.now() - startedAt;
  const report = { files, directories, links, bytes, failures, failed, durationMs };
  if (spec.signal !== undefined && isAborted(spec)) throw aborted(spec.signal, direction, report);
  if (spec.reject && failed > 0) throw rejection(report, direction);
  return report;
}

function treeFailures(
  counts: TransferCounts,
  step: 'upload' | 'download',
  { trees }: TransferSpec,
): TransferFailure[] {
  return counts.failures.map(({ item, path: below, errno, syscall, atTarget }) => {
    const { from, to } = trees[item] as { from: string; to: string };
    const paths = { from: path.join(from, below), to: path.join(to, below) };
    const error = transferFailure({ step, syscall, errno, path: atTarget ? paths.to : paths.from });
    return { ...paths, error };
  });
}

function isAborted({ signal }: TransferSpec): boolean {
  return signal?.aborted === true;
}

function named(end: unknown): string | undefined {
  return typeof end === 'string' ? end : undefined;
}

/** The process that copies has ended, or will. */
function gone(step: string): ContainervError {
  return transferFailure({ step, syscall: 'recvmsg', errno: ECONNRESET });
}

/** Streams of callers reject with anything. */
function contentError(error: unknown, step: string): ContainervError {
  if (isContainervError(error)) return error;
  const said = error instanceof Error ? error.message : String(error);
  return new ContainervError('ERR_CONTAINERV_SYSTEM', `The stream failed: ${said}`, { step, cause: error });
}

function aborted(signal: AbortSignal, step: string, report: TransferReport): TransferError {
  const { code, cause } = abortError(signal);
  return new TransferError(code, 'The operation was aborted', report, { step, cause });
}

function rejection(report: TransferReport, step: string): TransferError {
  const [first] = report.failures;
  if (first === undefined) throw new RangeError('a failure without a description');
  const { error } = first;
  const others = report.failed === 1 ? '' : ` (and ${report.failed - 1} more, see \`report.failures\`)`;
  const details = { syscall: error.syscall, errno: error.errno, path: error.path, hint: error.hint };
  return new TransferError(error.code, `${withoutDetails(error, step)}${others}`, report, {
    step,
    ...details,
    cause: error,
  });
}

/** The first failure's own words, without the parts that the message is composed of anew. */
function withoutDetails({ summary, path: where }: ContainervError, step: string): string {
  const text = summary.replace(`${step}: `, '').replace(/ \([^()]*\)$/, '');
  return where === undefined ? text : text.replace(` '${where}'`, '');
}
