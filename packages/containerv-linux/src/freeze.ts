import { close, constants, open } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContainervError } from 'containerv-api';
import { directoryOf, type FreezerGroup, freezerOf, type GroupDirectories } from './cgroup/groups.js';
import { moveProcesses, uninterruptible } from './cgroup/moved-processes.js';
import { type Channel, refusalError } from './channel.js';
import { FileBatch } from './file-batch.js';
import { untilTold } from './file-told.js';
import type { FileStep, Native } from './native.js';
import { MessageType } from './protocol.js';
import { type SystemFailure, systemError } from './system-error.js';
import { WireWriter } from './wire.js';

const STEP = 'pause container';
// A process in an uninterruptible wait stands still only when that is over.
const LONGEST_WAIT_MS = 10_000;
const openFile = promisify(open);

export interface FreezeTarget {
  readonly id: string;
  readonly channel: Channel;
  readonly groups: GroupDirectories;
  readonly init: number;
}

/**
 * Has everything but init stand still: moved into a control group that is frozen, those that it starts meanwhile
 * included. Init goes on serving and starts nothing new; it can let them go by itself when it has to end.
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` without a freezer
 */
export async function freeze(native: Native, target: FreezeTarget): Promise<void> {
  const { id, channel, groups, init } = target;
  const freezer = freezerOf(groups);
  const from = directoryOf(groups, 'pids') ?? directoryOf(groups, 'memory');
  if (freezer === undefined || from === undefined) throw noFreezer(id, undefined);
  const release = await prepare(native, id, freezer);
  try {
    await tellInit(channel, true, freezer.thawed, release);
    await moveProcesses(native, STEP, { from, to: freezer.directory, except: new Set([init]) });
    await untilFrozen(native, freezer);
  } catch (error) {
    await letGo(native, freezer, channel).catch(() => {});
    throw error;
  } finally {
    close(release);
  }
}

/** Lets the processes go on. */
export async function thaw(native: Native, { id, channel, groups }: FreezeTarget): Promise<void> {
  const freezer = freezerOf(groups);
  if (freezer === undefined) throw noFreezer(id, undefined);
  await letGo(native, freezer, channel);
}

/**
 * For a container that is ending. v2: everything in its group is killed at once, also what no namespace of processes
 * takes down (cgroup-v2.rst, "cgroup.kill", Linux 5.14). On v1, what is frozen does not die. Each is optional.
 */
export function endSteps(groups: GroupDirectories): FileStep[] {
  const freezer = freezerOf(groups);
  const steps: FileStep[] = [];
  if (groups.unified !== null) {
    const file = path.join(groups.unified, 'cgroup.kill');
    steps.push({ op: 'write', path: file, text: '1', optional: true });
  }
  if (freezer !== undefined) {
    steps.push({ op: 'write', path: freezer.file, text: freezer.thawed, optional: true });
  }
  return steps;
}

/** Makes the group, frozen and empty. @returns its file, open for init */
async function prepare(native: Native, id: string, freezer: FreezerGroup): Promise<number> {
  const batch = new FileBatch();
  batch.add({ op: 'ensure-directory', path: path.dirname(freezer.directory), mode: 0o755 });
  batch.add({ op: 'ensure-directory', path: freezer.directory, mode: 0o755 });
  batch.add({ op: 'write', path: freezer.file, text: freezer.frozen });
  const failure = await batch.run(native, STEP);
  if (failure !== undefined) throw noFreezer(id, failure);
  return openFile(freezer.file, constants.O_WRONLY);
}

async function letGo(native: Native, freezer: FreezerGroup, channel: Channel): Promise<void> {
  const batch = new FileBatch();
  batch.add({ op: 'write', path: freezer.file, text: freezer.thawed });
  const failure = await batch.run(native, 'resume container');
  if (failure !== undefined) throw systemError(failure, { what: 'Cannot let the processes go on' });
  await tellInit(channel, false, '', undefined);
}

async function tellInit(
  channel: Channel,
  paused: boolean,
  word: string,
  fd: number | undefined,
): Promise<void> {
  try {
    await channel.call(
      (request) => new WireWriter(MessageType.Pause, request).u32(paused ? 1 : 0).text(word),
      fd === undefined ? [] : [fd],
    );
  } catch (error) {
    throw refusalError(error);
  }
}

/** On both it is nearly always so at the first look. */
async function untilFrozen(native: Native, freezer: FreezerGroup): Promise<void> {
  const { directory, file } = freezer;
  const isV2 = path.basename(file) === 'cgroup.freeze';
  const looksSo = isV2
    ? async () => says(native, path.join(directory, 'cgroup.events'), /^frozen 1$/m)
    : async () => says(native, file, /^FROZEN$/m);
  // The kernel reports a change of cgroup.events as that of any file (cgroup-v2.rst, "Basic Operations"); v1 has no event.
  const told = isV2
    ? await untilTold(path.join(directory, 'cgroup.events'), looksSo, LONGEST_WAIT_MS)
    : undefined;
  const frozen = told ?? (await untilSeen(isV2 ? looksSo : async () => asksAgain(native, freezer, looksSo)));
  if (!frozen) throw uninterruptible(STEP);
}

/**
 * v1 asks a process to stand still once, as it comes into the group. One that is just being forked can miss that, and is
 * asked again only when the file is written again (freeze_cgroup in kernel/cgroup/legacy_freezer.c).
 */
async function asksAgain(
  native: Native,
  { file, frozen }: FreezerGroup,
  looksSo: () => Promise<boolean>,
): Promise<boolean> {
  if (await looksSo()) return true;
  const batch = new FileBatch();
  batch.add({ op: 'write', path: file, text: frozen });
  const failure = await batch.run(native, STEP);
  if (failure !== undefined) throw systemError(failure, { what: 'Cannot pause' });
  return looksSo();
}

async function untilSeen(looksSo: () => Promise<boolean>): Promise<boolean> {
  for (let waitedMs = 0, pauseMs = 1; waitedMs <= LONGEST_WAIT_MS; waitedMs += pauseMs) {
    if (await looksSo()) return true;
    await sleep(pauseMs);
    pauseMs = Math.min(50, pauseMs * 2);
  }
  return false;
}

async function says(native: Native, file: string, what: RegExp): Promise<boolean> {
  const batch = new FileBatch();
  const state = batch.add({ op: 'read', path: file });
  const failure = await batch.run(native, STEP);
  if (failure !== undefined) throw systemError(failure, { what: 'Cannot pause' });
  return what.test(batch.result(state).text);
}

function noFreezer(id: string, failure: SystemFailure | undefined): ContainervError {
  const what = `Container '${id}' cannot be paused`;
  const hint =
    'That takes a control group of its own: cgroup v2, or the freezer of v1, and as an ordinary user a delegated group. See: containerv doctor';
  return failure === undefined
    ? new ContainervError('ERR_CONTAINERV_UNSUPPORTED', what, { step: STEP, hint })
    : systemError(failure, { code: 'ERR_CONTAINERV_UNSUPPORTED', what, hint });
}
