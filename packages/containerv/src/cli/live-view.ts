import { setTimeout as sleep } from 'node:timers/promises';
import type { Surroundings } from './command.js';
import { StopSignals } from './stop-signals.js';
import { cutToWidth } from './visible-text.js';

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/**
 * Draws lines over those that it drew before, again and again until a signal asks this program to end or `lines` has
 * nothing more to show.
 */
export async function liveView(
  { stdout, signals }: Pick<Surroundings, 'stdout' | 'signals'>,
  intervalMs: number,
  lines: () => Promise<readonly string[] | undefined>,
): Promise<void> {
  const stop = new AbortController();
  using _caught = new StopSignals(signals, () => stop.abort());
  let drawn = 0;
  while (!stop.signal.aborted) {
    const shown = await lines();
    if (shown === undefined) return;
    const columns = stdout.columns ?? DEFAULT_COLUMNS;
    // A line that the terminal wraps, or that scrolls out of it, could not be drawn over.
    const fitting = shown
      .slice(0, (stdout.rows ?? DEFAULT_ROWS) - 1)
      .map((line) => cutToWidth(line, columns - 1));
    stdout.write(
      `${drawn > 0 ? `\u001B[${drawn}A` : ''}\r\u001B[J${fitting.map((line) => `${line}\n`).join('')}`,
    );
    drawn = fitting.length;
    await sleep(intervalMs, undefined, { signal: stop.signal }).catch(() => {});
  }
}

/** Calls `print` once, or again and again until a signal asks this program to end. */
export async function repeat(
  { signals }: Pick<Surroundings, 'signals'>,
  intervalMs: number | undefined,
  print: () => Promise<boolean>,
): Promise<void> {
  const stop = new AbortController();
  using _caught = new StopSignals(signals, () => stop.abort());
  while (!stop.signal.aborted) {
    if (!(await print()) || intervalMs === undefined) return;
    await sleep(intervalMs, undefined, { signal: stop.signal }).catch(() => {});
  }
}
