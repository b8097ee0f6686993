import { type ChildProcess, spawn, spawnSync, type StdioOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Container } from 'containerv-linux';
import { nativeLauncherPath } from 'serve-exec';

/** One of the programs that are to do exactly the same. */
export interface Implementation {
  readonly name: 'node' | 'native';
  /** The program and its first arguments. */
  readonly command: readonly [program: string, ...args: string[]];
}

const cli = path.join(path.dirname(fileURLToPath(import.meta.resolve('serve-exec'))), 'cli.js');
const native = await nativeLauncherPath();

export const implementations: readonly Implementation[] = [
  { name: 'node', command: [process.execPath, cli] },
  ...(native === undefined ? [] : [{ name: 'native' as const, command: [native] as const }]),
];

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdio?: StdioOptions;
}

/** Runs serve-exec to its end with arguments that are all given. */
export function serveExec(
  { command }: Implementation,
  args: readonly string[],
  surroundings: Surroundings = {},
): Ended {
  const [program, ...rest] = command;
  const { input = '', env = {}, stdio } = surroundings;
  const { status, signal, stdout, stderr, error } = spawnSync(program, [...rest, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 40_000,
    ...(stdio === undefined ? { input } : { stdio }),
  });
  if (error !== undefined) throw error;
  return { status, signal, stdout, stderr };
}

/** The options for a command in that container, and its arguments. */
export function inside({ id }: Container, command: string, args: readonly string[] = []): string[] {
  return ['--container', id, '--path', command, '--wdir', '/', '--', ...args];
}

/** A serve-exec that goes on while the test does other things. */
export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** It has ended, and all that it wrote has been read. */
  readonly ended: Promise<Ended>;
  /** It has ended, whoever still holds its output. */
  readonly exited: Promise<number | null>;
  stdout(): string;
}

export function startServeExec(
  { command }: Implementation,
  args: readonly string[],
  stdio?: StdioOptions,
): Running {
  const [program, ...rest] = command;
  const child = spawn(program, [...rest, ...args], {
    stdio: stdio ?? 'pipe',
    timeout: 40_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, pid: child.pid ?? 0, ended, exited, stdout: () => stdout };
}

/** The state of a process of the host: `S`, `T`, ... (proc_pid_stat(5)). */
export function hostState(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}
