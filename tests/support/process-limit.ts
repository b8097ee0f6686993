import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually } from './eventually.js';
import { idFor } from './suite.js';

/** Where a control group that counts processes can be made; `undefined`: nowhere, or not by us. */
function hierarchy(): string | undefined {
  for (const [directory, sign] of [
    ['/sys/fs/cgroup/pids', 'cgroup.procs'],
    ['/sys/fs/cgroup', 'cgroup.subtree_control'],
  ] as const) {
    const file = path.join(directory, sign);
    if (!existsSync(file)) continue;
    return sign === 'cgroup.procs' || readFileSync(file, 'utf8').split(/\s/).includes('pids')
      ? directory
      : undefined;
  }
  return undefined;
}

export const limitsProcesses: boolean = process.getuid?.() === 0 && hierarchy() !== undefined;

/** A control group with that limit; `under`: in front of a command that shall run in it. */
export class ProcessLimit implements AsyncDisposable {
  readonly #directory = path.join(hierarchy() ?? '/nowhere', idFor('few-processes'));
  readonly under: readonly string[];

  constructor(processes: number) {
    mkdirSync(this.#directory);
    writeFileSync(path.join(this.#directory, 'pids.max'), String(processes));
    const list = path.join(this.#directory, 'cgroup.procs');
    this.under = ['sh', '-c', 'echo $$ > "$0" && exec "$@"', list];
  }

  /** When the last thread has left, which may be after its process was waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    await eventually(() => remove(this.#directory));
  }
}

/** With the empty ones below it: the parent of containers' groups stays. */
function remove(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) remove(path.join(directory, entry.name));
  rmdirSync(directory);
}
