import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type ProgramEnd, runProgram } from './program.js';
import { scratchPath } from './scratch.js';
import { full, idFor, program } from './suite.js';
import { seeded } from './seeded.js';

export const OPERATIONS = [
  'create',
  'spawn',
  'upload',
  'download',
  'snapshot',
  'stop',
  'start',
  'destroy',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What became of one operation; see `fixtures/owners/stepped.mjs`. */
export interface Round {
  readonly round: string;
  /** Whether there was no error, or one of ours. */
  readonly known: boolean;
  readonly error?: string;
  readonly message?: string;
  readonly zombies: readonly string[];
}

interface Steps {
  readonly counted: number;
  /** Who was killed before which call; `undefined`: nobody. */
  readonly killed: string | undefined;
}

export interface SteppedEnd {
  /** Of every container that the program makes. */
  readonly id: string;
  readonly end: ProgramEnd;
  readonly steps: readonly Steps[];
  readonly rounds: readonly Round[];
}

const random = seeded();

/** All steps, or as many as a quick run has time for, spread evenly from a place that the seed chooses. */
export function chosenSteps(all: number, quick: number): number[] {
  if (full || all <= quick) return Array.from({ length: all }, (_, index) => index + 1);
  const stride = all / quick;
  return Array.from(
    { length: quick },
    (_, index) => 1 + Math.floor(index * stride + random.below(Math.ceil(stride))),
  ).filter((step) => step <= all);
}

/** Where the programs get files from and put them. */
export function makePlace(): string {
  const place = scratchPath('place');
  mkdirSync(path.join(place, 'tree/deep'), { recursive: true });
  for (const name of ['tree/one', 'tree/two', 'tree/deep/three']) writeFileSync(path.join(place, name), name);
  return place;
}

/** Runs operations under `stop-at`, one program for all rounds: `operation/victim/step` each. */
export async function runStepped(
  place: string,
  options: object,
  rounds: readonly string[],
  join?: string,
): Promise<SteppedEnd> {
  const id = idFor('stepped');
  const end = await runProgram('stepped', [JSON.stringify({ ...options, id }), ...rounds], {
    under: [program('stop-at')],
    env: { PLACE: place, JOIN: join },
  });
  const lines = (word: string): string[] =>
    end.stdout
      .split('\n')
      .flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  return {
    id,
    end,
    steps: lines('steps').map((line) => {
      const [counted, pid, ...killed] = line.split(' ');
      return { counted: Number(counted), killed: pid === '0' ? undefined : killed.join(' ') };
    }),
    rounds: lines('round').map((line) => JSON.parse(line) as Round),
  };
}
