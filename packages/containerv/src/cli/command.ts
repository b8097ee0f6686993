import type { EventEmitter } from 'node:events';
import type { ContainerDriver } from 'containerv-api';

/** One option of a command. `value` names what it takes in the help; without it the option is a switch. */
export interface OptionSpec {
  readonly short?: string;
  readonly value?: string;
  /** Whether it may be given several times. */
  readonly multiple?: boolean;
  readonly help: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** What was given: the last value, or all values of an option that may be repeated. */
export interface ParsedLine {
  readonly switches: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
}

/** A terminal, or whatever stands in for one. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string | Uint8Array): unknown;
}

/** Everything outside of itself that the command line uses. */
export interface Surroundings {
  readonly driver: ContainerDriver;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where SIGINT and its like arrive. */
  readonly signals: Pick<EventEmitter, 'on' | 'off'>;
}

export interface Command {
  /** One word, or two: `'policy show'`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows the name: `'[options] ID...'`. */
  readonly synopsis: string;
  /** Paragraphs after the options. */
  readonly notes?: string;
  readonly options: OptionSpecs;
  /** Fewest and most operands. */
  readonly operands: readonly [minimum: number, maximum: number];
  /** Whether options end at the first operand, because what follows belongs to another command. */
  readonly wraps?: boolean;
  /** @returns the exit status */
  run(line: ParsedLine, surroundings: Surroundings): Promise<number>;
}
