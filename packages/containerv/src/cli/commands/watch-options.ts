import { parseDuration } from 'containerv-api';
import type { OptionSpecs, ParsedLine } from '../command.js';

/** What `stats` and `top` share. */
export const WATCH_OPTIONS: OptionSpecs = {
  interval: { value: 'DURATION', help: 'Read again after this long, such as 500ms (1s on a terminal).' },
  once: { help: 'Print one reading, also on a terminal.' },
  json: { help: 'Print lines of JSON, also on a terminal.' },
};

const DEFAULT_INTERVAL_MS = 1000;
/** Between the two readings that the use of processors needs. */
export const SAMPLE_MS = 200;

export interface Watching {
  readonly live: boolean;
  readonly intervalMs: number;
  /** `undefined`: one reading. */
  readonly repeatMs: number | undefined;
}

/** A live table on a terminal, lines of JSON everywhere else: once, unless an interval asks for more. */
export function watching({ switches, values }: ParsedLine, isTTY: boolean): Watching {
  const given = values.get('interval')?.[0];
  const intervalMs = given === undefined ? DEFAULT_INTERVAL_MS : parseDuration(given, '--interval');
  const once = switches.has('once');
  return {
    live: isTTY && !once && !switches.has('json'),
    intervalMs,
    repeatMs: once || given === undefined ? undefined : intervalMs,
  };
}
