// Runs serve-exec under Wine, in a world of the fake's in which a container runs already.
import type { ChildProcess, StdioOptions } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ContainerOptions, type ContainerSpec, resolveContainerOptions } from 'containerv-api';
import { buildJoinDocument } from '../../../packages/containerv-windows/src/documents/join-document.js';
import { ownerTag } from '../../../packages/containerv-windows/src/state/state-file.js';
import { missingTools, NODE, setUpLane, winCommand, winPath, winProgram, winScript } from '../wine/lane.mjs';
import { runTsup } from './bundle.mjs';

export const PROGRAM: string = fileURLToPath(
  new URL('../../../packages/containerv-windows/dist/native/x64/serve-exec.exe', import.meta.url),
);
/** The one in Node.js, and the driver that it loads. */
const SCRIPTS = fileURLToPath(new URL('../build/packages/serve-exec/dist', import.meta.url));
/** Two programs that are to do the same. */
export const IMPLEMENTATIONS = ['native', 'node'] as const;
export type Implementation = (typeof IMPLEMENTATIONS)[number];

/** What this machine lacks for trials; `undefined`: nothing. */
export async function missingForTrials(): Promise<string | undefined> {
  return (
    (await missingTools()) ??
    (existsSync(PROGRAM) ? undefined : 'a build of packages/containerv-windows with them')
  );
}

/** Makes everything that trials need. */
export async function setUpTrials(): Promise<void> {
  await setUpLane();
  await runTsup('windows/serve-exec.tsup.config.ts');
  const manifest = new URL('../../../packages/serve-exec/package.json', import.meta.url);
  copyFileSync(manifest, path.join(path.dirname(SCRIPTS), 'package.json'));
}

/** Where the program is that runs in containers of the fake: see guest.c. */
const GUESTS = winPath(fileURLToPath(new URL('../build/libraries', import.meta.url)));
/** A bare name, which the fake finds in its own search path; it has no file system of containers. */
const GUEST_INSIDE = 'guest.exe';
const PATIENCE_MS = 60_000;
/** What was written has come by then, when somebody else keeps it open. */
const OUTPUT_MS = 3000;
/** Of node.exe, when all is done: Wine's own (crashed-at-exit.mjs), and the status is not changed by it. */
const CRASH_AT_EXIT = /^wine: Unhandled page fault [^\n]*\n/gm;

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
  readonly implementation?: Implementation;
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
  readonly #implementation: Implementation;

  constructor({
    implementation = 'native',
    options,
    owner,
    state = 'Running',
    library = 'computecore',
    faults = [],
  }: World = {}) {
    this.#implementation = implementation;
    const file = (name: string): string => path.join(this.directory, name);
    mkdirSync(file('box'));
    const tag = ownerTag({ state: winPath(this.directory), data: '' });
    // Detached, as nobody is there who holds its lock.
    const spec = resolveContainerOptions({
      id: 'box',
      cwd: '/',
      rootfs: String.raw`C:\image`,
      detached: true,
      ...options,
    });
    writeFileSync(file('box/join.json'), JSON.stringify(buildJoinDocument(spec, tag)));
    writeFileSync(file('box/state.json'), JSON.stringify(stateOf(spec)));
    const systems = [{ id: 'box', owner: owner ?? tag, state }];
    writeFileSync(
      file('seed.json'),
      JSON.stringify({ systems, faults: faults.map((fault) => JSON.stringify(fault)) }),
    );
    this.#env = {
      CONTAINERV_STATE_DIR: winPath(this.directory),
      CONTAINERV_DRIVER: winPath(path.join(SCRIPTS, 'driver.js')),
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
    const surroundings = { env: { ...this.#env, ...env }, stdio };
    return this.#implementation === 'node'
      ? winScript(path.join(SCRIPTS, 'cli.js'), args, surroundings)
      : winProgram(program, args, surroundings);
  }

  /**
   * A script for sh(1) that runs it where the script runs, as at a terminal.
   * @param before the words of a program that runs it
   */
  script(args: readonly string[], before: readonly string[] = []): string {
    const program =
      this.#implementation === 'node'
        ? [winPath(NODE), winPath(path.join(SCRIPTS, 'cli.js'))]
        : [winPath(PROGRAM)];
    return `#!/bin/sh\n${winCommand([...before, ...program, ...args], this.#env)}\n`;
  }

  /** Runs it to its end. */
  async run(args: readonly string[], { input = '', ...surroundings }: Surroundings = {}): Promise<Ended> {
    const child = this.start(args, surroundings);
    const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.on('data', (chunk: Buffer) => chunks[name].push(chunk));
    // It need not read all of it.
    child.stdin?.on('error', () => {}).end(input);
    const status = await endOf(child);
    const stderr = Buffer.concat(chunks.stderr).toString();
    return {
      status,
      stdout: Buffer.concat(chunks.stdout),
      stderr: this.#implementation === 'node' ? stderr.replaceAll(CRASH_AT_EXIT, '') : stderr,
    };
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

  /** What the last process was started with. */
  get parameters(): Record<string, unknown> {
    const line = this.journal.findLast((each) => each.startsWith('process '));
    return JSON.parse(line?.slice('process '.length) ?? '{}') as Record<string, unknown>;
  }

  /** What the real service would not have forgiven, and, but for Node.js, which leaves that to Windows, open handles. */
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
    if (this.#implementation === 'node') return faults;
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

/** Its status when its output has been read. Wine's conhost can outlive whom it served, and keep their output open. */
async function endOf(child: ChildProcess): Promise<number | null> {
  const closed = new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const status = await Promise.race([closed, exited]);
  if ((await Promise.race([closed, sleep(OUTPUT_MS, undefined)])) === undefined) {
    for (const stream of child.stdio) stream?.destroy();
  }
  return status;
}

/** As the driver describes a container. */
function stateOf({ policy, ...spec }: ContainerSpec): object {
  return {
    version: 1,
    ownerPid: process.pid,
    createdAt: new Date().toISOString(),
    stopped: false,
    spec: { ...spec, policy: typeof policy === 'string' ? policy : policy.toJSON() },
    storage: { kind: spec.windows?.containerType === 'linux' ? 'linux' : 'windowsfilter' },
    enforced: null,
    endpointId: null,
  };
}
