import type { Container, ContainerOptions, RunOptions } from 'containerv-linux';
import { createContainer } from 'containerv-linux';
import { linuxErrnoName } from 'containerv-api';
import { sharedRoot } from './root.js';

/** A container on the fixtures' root directory. */
export async function small(options: ContainerOptions = {}): Promise<Container> {
  return createContainer(options.layers === undefined ? { rootfs: sharedRoot(), ...options } : options);
}

/** Runs a command that prints JSON. */
export async function json<Value>(
  container: Container,
  command: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Value> {
  const { stdout } = await container.run(command, args, options);
  return JSON.parse(stdout) as Value;
}

/** One line of the program `processes`. */
export interface InnerProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly state: string;
  readonly name: string;
  readonly arguments: readonly string[];
}

export async function processes(container: Container): Promise<InnerProcess[]> {
  return json(container, 'processes');
}

export type Operation =
  | 'read'
  | 'open-read'
  | 'open-write'
  | 'create'
  | 'write'
  | 'exists'
  | 'mkdir'
  | 'rmdir'
  | 'unlink'
  | 'chmod'
  | 'chown'
  | 'symlink'
  | 'rename'
  | 'chdir'
  | 'execute'
  | 'list'
  | 'truncate'
  | 'link'
  | 'fifo'
  | 'device'
  /** Of deletion, as overlayfs makes it. */
  | 'mark'
  | 'exchange'
  /** By a policy that allows it: `mount-bind` PATH SOURCE, `mount-type` PATH TYPE, `mount-cgroup` PATH CONTROLLER. */
  | `mount-${'bind' | 'type' | 'cgroup' | 'writable' | 'remove'}`
  | 'ioctl'
  /** `listen`, `connect`: a socket's path, or its abstract name after `@`. */
  | 'listen'
  | 'connect'
  | 'pair-send'
  /** A process id in place of the path. */
  | 'signal'
  | 'signal-child'
  /** A port in place of the path; see fixtures/box/sockets.h. */
  | `tcp-${'connect' | 'bind' | 'listen' | 'accept' | 'fastopen' | 'fastopen-message' | 'upper'}`
  | 'tcp6-connect'
  | 'mptcp-connect'
  | 'udp-connect';

/** Tries file operations in one process of the container; the name of each one's error, `'ok'` where it worked. */
export async function attempt(
  container: Container,
  operations: readonly (readonly [operation: Operation, path: string, other?: string])[],
  options: RunOptions = {},
): Promise<string[]> {
  const args = operations.flatMap(([operation, path, other = '']) => [operation, path, other]);
  const numbers = await json<number[]>(container, 'attempt', args, options);
  return numbers.map(errorName);
}

export function errorName(errno: number): string {
  return errno === 0 ? 'ok' : linuxErrnoName(errno);
}
