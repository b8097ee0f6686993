import type { Container, ContainerDriver, ContainerOptions } from 'containerv-api';

export type Argv = readonly [command: string, args: readonly string[]];

/** A driver, and commands of its guests that all do the same. */
export interface Harness {
  readonly driver: Pick<
    ContainerDriver,
    'joinContainer' | 'listContainers' | 'pruneContainers' | 'probeHost'
  >;
  readonly guest: Container['guest'];
  /** Whether containers of this kind can be paused here. */
  readonly pauses: boolean;
  readonly create: (options?: ContainerOptions) => Promise<Container>;
  readonly commands: Commands;
}

export interface Commands {
  /** Writes `out` to stdout and `err` to stderr. */
  readonly both: Argv;
  /** Copies stdin to stdout. */
  readonly copy: Argv;
  exit(code: number): Argv;
  sleep(seconds: number): Argv;
  /** Writes that many bytes. */
  fill(bytes: number): Argv;
  /** Writes the value of a variable. */
  variable(name: string): Argv;
  /** Writes each argument and a NUL. */
  echo(args: readonly string[]): Argv;
  /** Does not exist. */
  readonly missing: Argv;
}

export interface ConformanceCase {
  readonly name: string;
  readonly run: (harness: Harness) => Promise<void>;
}

/** Waits for the promise's rejection, and gives its reason. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('It did not reject');
}

export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return (await rejectionOf(promise))['code'];
}
