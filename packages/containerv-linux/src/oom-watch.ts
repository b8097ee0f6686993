import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { GroupDirectories } from './cgroup/groups.js';
import { oomFile, parseOomKills } from './cgroup/oom-file.js';
import { type FdPoll, type Native, READABLE } from './native.js';

// Processes that are killed together end within moments. A kill that no process of ours accounts for, of a
// grandchild, is forgotten after that, so that it does not explain the next SIGKILL.
const BURST_MS = 1000;

/** Sees what the kernel kills for memory in a container: as it happens when somebody listens, and when asked. */
export class OomWatch {
  readonly #native: Native;
  readonly #groups: GroupDirectories;
  readonly #onOom: () => void;
  #seen = 0;
  #unexplained = 0;
  #since = 0;
  #stop: (() => void) | undefined;

  constructor(native: Native, groups: GroupDirectories, onOom: () => void) {
    this.#native = native;
    this.#groups = groups;
    this.#onOom = onOom;
  }

  /** What was killed before is not told. */
  async skip(): Promise<void> {
    this.#seen = (await this.#kills()) ?? 0;
  }

  /** Whether a process that died by SIGKILL was killed for memory; each kill explains one. */
  async takeKill(): Promise<boolean> {
    await this.#look();
    if (this.#unexplained === 0 || performance.now() - this.#since > BURST_MS) return false;
    this.#unexplained--;
    return true;
  }

  /** From here on kills are told as they happen, until {@link close}. */
  listen(): void {
    if (this.#stop !== undefined) return;
    const file = oomFile(this.#groups);
    if (file === undefined) return;
    const look = (): void => void this.#look();
    try {
      this.#stop =
        this.#groups.unified === null
          ? watchEvents(this.#native, path.dirname(file), look)
          : watchFile(file, look);
    } catch {
      // Without notifications kills are still seen when processes end.
    }
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  async #look(): Promise<void> {
    const kills = await this.#kills();
    if (kills === undefined || kills <= this.#seen) return;
    const now = performance.now();
    if (now - this.#since > BURST_MS) this.#unexplained = 0;
    this.#unexplained += kills - this.#seen;
    this.#since = now;
    this.#seen = kills;
    this.#onOom();
  }

  async #kills(): Promise<number | undefined> {
    const file = oomFile(this.#groups);
    if (file === undefined) return undefined;
    return parseOomKills(await readFile(file, 'utf8').catch(() => '')) ?? undefined;
  }
}

/** v2: the kernel reports a change of memory.events as that of any file. */
function watchFile(file: string, onChange: () => void): () => void {
  const watcher: FSWatcher = watch(file, { persistent: false }, onChange);
  watcher.on('error', () => watcher.close());
  return () => watcher.close();
}

/** v1: an eventfd counts how often the group was out of memory. */
function watchEvents(native: Native, directory: string, onChange: () => void): () => void {
  const fd = native.watchOom(directory);
  const counter = Buffer.alloc(8);
  const poll: FdPoll = new native.FdPoll(fd, () => {
    native.read(fd, counter);
    // It is told as the kernel begins to look for whom to kill; the count follows.
    onChange();
    setTimeout(onChange, 50).unref();
  });
  poll.unref();
  poll.start(READABLE);
  return () => {
    poll.close();
    native.close(fd);
  };
}
