import { type ChildProcess, spawn, type SpawnOptions, type StdioOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openCopy } from './open-copy.js';

// Long enough for the slowest of them; one that never ends is a failure.
const DEADLINE_MS = 40_000;

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A script of `fixtures/owners` in a Node.js process of its own, with the state and data directories of this one. */
export interface Program {
  readonly child: ChildProcess;
  /** Resolves with the rest of the first line that starts with that word; rejects when the program ends without. */
  said(word: string): Promise<string>;
  readonly ended: Promise<ProgramEnd>;
}

export interface ProgramOptions {
  /** In front of `node`: a fixture that changes what it is started with, and its arguments. */
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly uid?: number;
  readonly stdio?: StdioOptions;
}

function owner(name: string): string {
  return fileURLToPath(new URL(`../fixtures/owners/${name}.mjs`, import.meta.url));
}

export function startProgram(
  name: string,
  args: readonly string[] = [],
  options: ProgramOptions = {},
): Program {
  const { under = [], env = {}, uid, stdio = ['ignore', 'pipe', 'pipe'] } = options;
  const script = uid === undefined ? owner(name) : openCopy(owner(name));
  const [command = process.execPath, ...rest] = [...under, process.execPath, script, ...args];
  const spawnOptions: SpawnOptions = {
    stdio,
    env: { ...process.env, ...env },
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  };
  if (uid !== undefined) Object.assign(spawnOptions, { uid, gid: uid });
  const child = spawn(command, rest, spawnOptions);
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    for (const listener of listeners) listener();
  });
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return {
    child,
    ended,
    async said(word) {
      return new Promise<string>((resolve, reject) => {
        const look = (): void => {
          const line = stdout
            .split('\n')
            .find((text, index, all) => text.startsWith(`${word} `) && index < all.length - 1);
          if (line === undefined) return;
          listeners.delete(look);
          resolve(line.slice(word.length + 1));
        };
        listeners.add(look);
        look();
        ended.then(
          (end) => reject(new Error(`${name} ended without '${word}': ${JSON.stringify(end)}`)),
          reject,
        );
      });
    },
  };
}

/** Runs a program to its end. */
export async function runProgram(
  name: string,
  args: readonly string[] = [],
  options: ProgramOptions = {},
): Promise<ProgramEnd> {
  return startProgram(name, args, options).ended;
}
