import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContainervError } from 'containerv-api';
import { FileBatch } from '../file-batch.js';
import type { Native } from '../native.js';
import { systemError } from '../system-error.js';

const ESRCH = 3;
// Each round moves what was forked meanwhile; what is moved into a frozen group forks no more.
const MAX_ROUNDS = 200;
// One that is ending is listed for a while, and is not moved any more: on a busy machine until it gets a processor.
const LONGEST_WAIT_MS = 10_000;
const WAIT_MS = 1;

/** The processes in a control group's `cgroup.procs`. */
export function parseProcs(text: string): number[] {
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}

/**
 * Moves every process of one group but `except` into another, those that are forked meanwhile included.
 * @param from - a group that has all of them
 * @throws ContainervError
 */
export async function moveProcesses(
  native: Native,
  step: string,
  { from, to, except }: { readonly from: string; readonly to: string; readonly except: ReadonlySet<number> },
): Promise<void> {
  const giveUp = performance.now() + LONGEST_WAIT_MS;
  let tried = new Set<number>();
  for (let round = 0; round < MAX_ROUNDS; ) {
    const listing = new FileBatch();
    const [source, target] = [from, to].map((group) =>
      listing.add({ op: 'read', path: path.join(group, 'cgroup.procs') }),
    );
    const unread = await listing.run(native, step);
    if (unread !== undefined) throw systemError(unread, { what: 'Cannot list the processes' });
    const there = new Set(target === undefined ? [] : parseProcs(listing.result(target).text));
    const missing = (source === undefined ? [] : parseProcs(listing.result(source).text)).filter(
      (pid) => !there.has(pid) && !except.has(pid),
    );
    if (missing.length === 0) return;
    if (missing.some((pid) => !tried.has(pid))) round++;
    else if (performance.now() < giveUp) await sleep(WAIT_MS);
    else throw uninterruptible(step);
    tried = new Set(missing);
    await move(native, step, to, missing);
  }
  throw new ContainervError(
    'ERR_CONTAINERV_STATE',
    'The container starts processes faster than they can be moved',
    {
      step,
      hint: 'Lower `limits.pids`, and try again.',
    },
  );
}

/** What neither stands still nor ends, whatever is asked of it. */
export function uninterruptible(step: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_TIMEOUT', 'A process of the container cannot be interrupted', {
    step,
    hint: 'It waits for a device or a file system (state D in ps).',
  });
}

async function move(native: Native, step: string, to: string, pids: readonly number[]): Promise<void> {
  const batch = new FileBatch();
  const handles = pids.map((pid) =>
    batch.add({ op: 'write', path: path.join(to, 'cgroup.procs'), text: String(pid), optional: true }),
  );
  await batch.run(native, step);
  for (const handle of handles) {
    const failure = batch.failure(handle, step);
    // It has ended meanwhile.
    if (failure === undefined || failure.errno === ESRCH) continue;
    throw systemError(failure, { what: 'Cannot move a process into the control group' });
  }
}
