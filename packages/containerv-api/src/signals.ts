import { invalidOption } from './option-check.js';
import { didYouMean } from './nearest-name.js';

/** A signal's name such as `'SIGTERM'`, `'SIGRTMIN+3'`, or its Linux number. */
export type Signal = NodeJS.Signals | `SIGRTMIN${string}` | `SIGRTMAX${string}` | number;

/** Linux numbers (x64 and arm64), not those of the machine this runs on: a Windows host signals Linux guests too. */
const NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
};
const ALIASES: Readonly<Record<string, number>> = { SIGIOT: 6, SIGPOLL: 29, SIGUNUSED: 31 };
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(NUMBERS).map(([name, number]) => [number, name]),
);

// As user space sees them: glibc and musl keep 32 and 33 for themselves.
const REALTIME_MIN = 34;
const REALTIME_MAX = 64;
const REALTIME = /^SIGRT(MIN|MAX)(?:([+-])(\d{1,2}))?$/;

/**
 * The Linux number of a signal. `0`, which only asks whether the process is there, is allowed.
 *
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION`, with the nearest name, for an unknown one.
 */
export function signalNumber(signal: Signal, option = 'signal'): number {
  const number = typeof signal === 'string' ? fromName(signal) : signal;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= REALTIME_MAX) {
    return number;
  }
  const suggestion = typeof signal === 'string' ? didYouMean(signal, Object.keys(NUMBERS)).trim() : '';
  throw invalidOption(option, "a signal such as 'SIGTERM' or a number from 0 to 64", signal, {
    hint: suggestion === '' ? undefined : suggestion,
  });
}

function fromName(name: string): number | undefined {
  const known = lookUp(NUMBERS, name) ?? lookUp(ALIASES, name);
  if (known !== undefined) return known;
  const [, end, sign, offset = '0'] = REALTIME.exec(name) ?? [];
  if (end === undefined || sign === (end === 'MIN' ? '-' : '+')) return undefined;
  const number = end === 'MIN' ? REALTIME_MIN + Number(offset) : REALTIME_MAX - Number(offset);
  return number >= REALTIME_MIN && number <= REALTIME_MAX ? number : undefined;
}

function lookUp(table: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The name of a Linux signal number: `15` gives `'SIGTERM'`, `37` gives `'SIGRTMIN+3'`, `32` gives `'SIG32'`. */
export function signalName(number: number): string {
  const name = NAMES.get(number);
  if (name !== undefined) return name;
  if (number === REALTIME_MIN) return 'SIGRTMIN';
  if (number > REALTIME_MIN && number <= REALTIME_MAX) return `SIGRTMIN+${number - REALTIME_MIN}`;
  return `SIG${number}`;
}
