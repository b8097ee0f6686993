// Runs serve-exec.exe under Wine, in a world of the fake's in which a container runs already.
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ContainerOptions, resolveContainerOptions } from 'containerv-api';
import { buildJoinDocument } from '../../../packages/containerv-windows/src/documents/join-document.js';
import { winPath, winProgram } from '../wine/lane.mjs';

export const PROGRAM: string = fileURLToPath(
  new URL('../../../packages/containerv-windows/dist/native/x64/serve-exec.exe', import.meta.url),
);
/** Where the program is that runs in containers of the fake: see guest.c. */
const GUESTS = winPath(fileURLToPath(new URL('../build/libraries', import.meta.url)));
/** A bare name, which the fake finds in its own search path; it has no file system of containers. */
const GUEST_INSIDE = 'guest.exe';
const OWNER = 'containerv-test';
const PATIENCE_MS = 60_000;

export interface Ended {
  /** Of 8 bits: more do not come through Wine. */
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Surroundings {
  readonly input?: string | Buffer;
  readonly env?: Record<string, string>;
  readonly stdio?: StdioOptions;
  /** A copy of it. */
  readonly program?: string;
}

/** A container called `box`, and what the fake's service is to do. */
export interface World {
  readonly options?: ContainerOptions;
  /** As the compute system says. */
  readonly owner?: string;
  readonly state?: 'Running' | 'Paused';
  readonly library?: 'computecore' | 'vmcompute';
  readonly faults?: readonly object[];
}

/** Everything that one run has, in a directory of its own. */
export class Trial implements Disposable {
  readonly directory: string = mkdtempSync(path.join(tmpdir(), 'serve-exec-wine-'));
  readonly #env: Record<string, string>;

  constructor({
    options,
    owner = OWNER,
    state = 'Running',
    library = 'computecore',
    faults = [],
  }: World = {}) {
    const file = (name: string): string => path.join(this.directory, name);
    mkdirSync(file('box'));
    const spec = resolveContainerOptions({ id: 'box', cwd: '/', rootfs: String.raw`C:\image`, ...options });
    writeFileSync(file('box/join.json'), JSON.stringify(buildJoinDocument(spec, OWNER)));
    const systems = [{ id: 'box', owner, state }];
    writeFileSync(
      file('seed.json'),
      JSON.stringify({ systems, faults: faults.map((fault) => JSON.stringify(fault)) }),
    );
    this.#env = {
      CONTAINERV_STATE_DIR: winPath(this.directory),
      CONTAINERV_HCS_LIBRARY: library === 'vmcompute' ? library : '',
      CONTAINERV_HCS_TIMEOUT: '100s',
      WINEPATH: GUESTS,
      FAKE_HCS_SEED: winPath(file('seed.json')),
      FAKE_HCS_JOURNAL: winPath(file('journal')),
    };
  }

  start(
    args: readonly string[],
    { env = {}, stdio = 'pipe', program = PROGRAM }: Surroundings = {},
  ): ChildProcess {
    return winProgram(program, args, { env: { ...this.#env, ...env }, stdio });
  }

  /** Runs it to its end. */
  async run(args: readonly string[], { input = '', ...surroundings }: Surroundings = {}): Promise<Ended> {
    const child = this.start(args, surroundings);
    const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.on('data', (chunk: Buffer) => chunks[name].push(chunk));
    // It need not read all of it.
    child.stdin?.on('error', () => {}).end(input);
    const status = await new Promise<number | null>((resolve, reject) =>
      child.once('error', reject).once('close', resolve),
    );
    return { status, stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr).toString() };
  }

  /** The guest program with these arguments, in the container. */
  async guest(args: readonly string[], surroundings?: Surroundings): Promise<Ended> {
    return this.run(
      ['--container', 'box', '--path', GUEST_INSIDE, '--wdir', '/', '--', ...args],
      surroundings,
    );
  }

  get journal(): readonly string[] {
    try {
      return readFileSync(path.join(this.directory, 'journal'), 'utf8').split('\n').slice(0, -1);
    } catch {
      return [];
    }
  }

  /** What the process was started with. */
  get parameters(): Record<string, unknown> {
    const line = this.journal.find((each) => each.startsWith('process '));
    return JSON.parse(line?.slice('process '.length) ?? '{}') as Record<string, unknown>;
  }

  /** What the real service would not have forgiven, and handles that were not closed. */
  get faults(): readonly string[] {
    const open = new Map<string, number>();
    const faults: string[] = [];
    for (const line of this.journal) {
      const [word = '', ...rest] = line.split(' ');
      const kind = rest.join(' ');
      if (word === 'violation') faults.push(line);
      else if (word === 'open') open.set(kind, (open.get(kind) ?? 0) + 1);
      else if (word === 'close') open.set(kind, (open.get(kind) ?? 0) - 1);
    }
    for (const [kind, count] of open) if (count !== 0) faults.push(`${count} open ${kind}`);
    return faults;
  }

  async wrote(line: RegExp): Promise<void> {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(20))
      if (this.journal.some((each) => line.test(each))) return;
    throw new Error(`The service was never told ${String(line)}: ${this.journal.join('\n')}`);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
