import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rm, rmdir } from 'node:fs/promises';
import { win32 } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContainervError } from 'containerv-api';

/**
 * libuv's UV_FS_O_EXLOCK: the file is opened without sharing, so that it cannot be opened a second time. Windows closes
 * it when the program ends, however that happens.
 */
const EXCLUSIVE = 0x1000_0000;
/** Those that clean up hold a claim no longer than this. */
const PATIENCE_MS = 5000;
const LOCK_FLAGS = constants.O_RDWR | EXCLUSIVE;
const CREATE_FLAGS = LOCK_FLAGS | constants.O_CREAT;

/** Whoever holds it is responsible for what a container has: it takes things down and describes it. */
export interface Claim {
  readonly directory: string;
  /** Gives the responsibility up, and leaves everything as it is. */
  release(): Promise<void>;
  /** Removes the description, the last that there is of a container. */
  remove(): Promise<void>;
}

/** Makes the directory of a new container. `'exists'`: there is one of this id, or what is left of it. */
export async function claimNew(directory: string): Promise<Claim | 'exists'> {
  try {
    await mkdir(directory);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return 'exists';
    throw failure('Cannot make the directory', directory, error);
  }
  // Somebody who cleans up may have come first, and takes it for an empty leftover.
  const lock = await openLock(directory, CREATE_FLAGS);
  return typeof lock === 'string' ? 'exists' : claim(directory, lock);
}

/**
 * The claim of who cleans up. `'held'`: somebody is responsible. `'gone'`: there is no such container, or it is just being
 * removed.
 */
export async function claimExisting(directory: string): Promise<Claim | 'held' | 'gone'> {
  const lock = await openLock(directory, LOCK_FLAGS);
  if (lock !== 'gone') return typeof lock === 'string' ? lock : claim(directory, lock);
  // Made, or removed, by somebody who crashed in between; with anything in it, it stays.
  await rmdir(directory).catch(() => {});
  return 'gone';
}

/** As {@link claimExisting}, waiting for who only looks: `'held'` is a program that lives. */
export async function claimPatiently(directory: string, ownerPid: number): Promise<Claim | 'held' | 'gone'> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const claimed = await claimExisting(directory);
    if (claimed !== 'held' || isAlive(ownerPid) || Date.now() > deadline) return claimed;
    await sleep(PATIENCE_MS / 100);
  }
}

/** Whether somebody holds the lock, without holding it. */
export async function isClaimed(directory: string): Promise<boolean> {
  try {
    await (await open(win32.join(directory, 'lock'), 'r')).close();
    return false;
  } catch (error) {
    return codeOf(error) === 'EBUSY';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function openLock(directory: string, flags: number): Promise<FileHandle | 'held' | 'gone'> {
  try {
    return await open(win32.join(directory, 'lock'), flags);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EBUSY') return 'held';
    if (code === 'ENOENT') return 'gone';
    throw failure('Cannot lock', directory, error);
  }
}

function claim(directory: string, lock: FileHandle): Claim {
  return {
    directory,
    release: async () => lock.close(),
    async remove() {
      // The description first: without it nothing is taken for a container any more.
      await rm(win32.join(directory, 'state.json'), { force: true });
      await lock.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function failure(what: string, path: string, cause: unknown): ContainervError {
  const denied = ['EPERM', 'EACCES'].includes(codeOf(cause) ?? '');
  return new ContainervError(denied ? 'ERR_CONTAINERV_PERMISSION' : 'ERR_CONTAINERV_SYSTEM', what, {
    step: 'lock state directory',
    errno: codeOf(cause),
    path,
    cause,
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
