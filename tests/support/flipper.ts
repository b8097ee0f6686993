import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'vitest';
import { full, program } from './suite.js';

/** How many containers are started while somebody exchanges paths under them. */
export const RACED_STARTS: number = full ? 300 : 40;
/** How often the paths are exchanged at least; what one processor does in a second. */
const FLIPS = full ? 100_000 : 100;

/** Exchanges two paths all the time while `body` runs: again and again until there were enough exchanges. */
export async function whileFlipping(one: string, other: string, body: () => Promise<void>): Promise<void> {
  for (let flips = 0; flips < FLIPS; ) {
    const flipper = spawn(program('flipper'), [one, other], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    flipper.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(flipper.stdout, 'data');
    const ended = once(flipper, 'close');
    try {
      await body();
      expect(flipper.exitCode, 'the flipper ran to the end').toBe(null);
    } finally {
      flipper.kill('SIGTERM');
      await ended;
    }
    const turns = Number(said.split('\n').at(-2));
    expect(turns, 'exchanges').toBeGreaterThan(0);
    flips += turns;
  }
}
