import type { RawProcess } from '../native.js';

/** What procfs says of one process, in its own units. */
export interface ProcessFigures {
  readonly hostPid: number;
  readonly hostParent: number;
  /** Its ids in every pid namespace from ours inwards. */
  readonly pids: readonly number[];
  readonly name: string;
  readonly arguments: readonly string[];
  /** Effective, as our user namespace numbers it. */
  readonly uid: number;
  readonly cpuTicks: number;
  readonly startTicks: number;
  readonly residentPages: number;
}

// Positions in /proc/PID/stat after the name (proc_pid_stat(5)), from field 3 on.
const PARENT = 1;
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
const START = 19;
const RESIDENT = 21;

/** `undefined`: it is not what procfs writes. */
export function parseProcess({ pid, stat, status, cmdline }: RawProcess): ProcessFigures | undefined {
  const text = stat.toString('utf8');
  // The name is the process's to choose and may hold parentheses and spaces.
  const begin = text.indexOf('(');
  const end = text.lastIndexOf(')');
  if (begin < 0 || end < begin) return undefined;
  const fields = text
    .slice(end + 2)
    .split(' ')
    .map(Number);
  const at = (index: number): number => fields[index] ?? Number.NaN;
  // Line by line from the start: the name, in which the kernel escapes line ends, comes first.
  const lines = status.toString('utf8').split('\n');
  const numbers = (field: string): number[] =>
    (lines.find((line) => line.startsWith(`${field}:`)) ?? '')
      .slice(field.length + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
  const [, uid] = numbers('Uid');
  const figures = {
    hostPid: pid,
    hostParent: at(PARENT),
    pids: numbers('NSpid'),
    name: text.slice(begin + 1, end),
    arguments: splitArguments(cmdline),
    uid: uid ?? Number.NaN,
    cpuTicks: at(USER_TICKS) + at(SYSTEM_TICKS),
    startTicks: at(START),
    residentPages: at(RESIDENT),
  };
  const sound = [figures.hostParent, figures.cpuTicks, figures.startTicks, ...figures.pids].every((value) =>
    Number.isSafeInteger(value),
  );
  return sound && figures.pids[0] === pid ? figures : undefined;
}

function splitArguments(cmdline: Buffer): string[] {
  if (cmdline.length === 0) return [];
  const text = cmdline.toString('utf8');
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
}

/** From lines of `inside outside size` (user_namespaces(7)): the id inside. */
export function insideId(map: string, outside: number): number | undefined {
  for (const line of map.split('\n')) {
    const [inside, from, size] = line.trim().split(/\s+/).map(Number);
    if (inside === undefined || from === undefined || size === undefined) continue;
    if (outside >= from && outside < from + size) return inside + outside - from;
  }
  return undefined;
}

/** Names by id from /etc/passwd (passwd(5)); the first line of an id counts, as for getpwuid(3). */
export function parsePasswd(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':');
    if (name === undefined || name === '' || id === undefined || !/^\d{1,10}$/.test(id)) continue;
    if (!names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
