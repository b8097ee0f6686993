import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const DRIVER = fileURLToPath(new URL('fixtures/fake-driver.mjs', import.meta.url));

export interface Outcome {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built command line over the fake driver, with a state directory of its own. */
export class Cli {
  readonly home: string = mkdtempSync(join(tmpdir(), 'containerv-cli-'));

  constructor() {
    onTestFinished(() => rmSync(this.home, { recursive: true }));
  }

  command(args: readonly string[]): [file: string, ...args: string[]] {
    return [process.execPath, CLI, ...args];
  }

  env(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], CONTAINERV_DRIVER: DRIVER, FAKE_STATE: this.home, ...more };
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd?: string): ChildProcess {
    const [file, ...rest] = this.command(args);
    return spawn(file, rest, { env: this.env(env), stdio: 'pipe', cwd });
  }

  /** Runs to the end, with empty stdin. */
  async run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    cwd?: string,
  ): Promise<Outcome> {
    const child = this.start(args, env, cwd);
    child.stdin?.end();
    return outcome(child);
  }

  /** Everything the fake driver was asked, in order. */
  calls(): [name: string, ...details: unknown[]][] {
    const file = join(this.home, 'calls');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
    return lines.map((line) => JSON.parse(line) as [string, ...unknown[]]);
  }

  /** What the first call of this name was given. */
  details(name: string): unknown {
    return this.calls()
      .find(([call]) => call === name)
      ?.at(-1);
  }

  /** Puts a container into the fake driver's list. */
  put(id: string, state: string): void {
    const info = {
      id,
      state,
      guest: 'linux',
      initPid: state === 'running' ? 4711 : null,
      ownerPid: null,
      detached: true,
      createdAt: '2026-01-02T03:04:05.000Z',
      rootfs: 'host',
      policy: 'build',
    };
    writeFileSync(join(this.home, `${id}.json`), JSON.stringify(info));
  }
}

export async function outcome(child: ChildProcess): Promise<Outcome> {
  const [stdout, stderr, [status, signal]] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout),
    child.stderr === null ? '' : text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  return { status, signal, stdout, stderr };
}
