import type { Pressure, PressureShares } from 'containerv-api';

/** The whole text as a number; `null` for anything else, `max` included. */
export function parseNumber(text: string): number | null {
  return /^\d+\n?$/.test(text) ? Number(text) : null;
}

/** v2 cpu.stat: `usage_usec 1234`. */
export function parseCpuStat(text: string): number | null {
  const [, usage] = /^usage_usec (\d+)$/m.exec(text) ?? [];
  return usage === undefined ? null : Number(usage) * 1000;
}

export interface IoFigures {
  readonly read: number | null;
  readonly write: number | null;
}

/** v2 io.stat: `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6`; a group that has done nothing has an empty one. */
export function parseIoStat(text: string): { readonly bytes: IoFigures; readonly ops: IoFigures } {
  const sum = (key: string): number =>
    [...text.matchAll(new RegExp(`\\b${key}=(\\d+)`, 'g'))].reduce((total, [, n]) => total + Number(n), 0);
  return {
    bytes: { read: sum('rbytes'), write: sum('wbytes') },
    ops: { read: sum('rios'), write: sum('wios') },
  };
}

/** v1 blkio.throttle.io_*: `8:0 Read 1`, and `Total 2` at the end, also when nothing has been done. */
export function parseBlkio(text: string): IoFigures {
  if (!/^Total \d+$/m.test(text)) return { read: null, write: null };
  const sum = (word: string): number =>
    [...text.matchAll(new RegExp(`^\\d+:\\d+ ${word} (\\d+)$`, 'gm'))].reduce(
      (total, [, n]) => total + Number(n),
      0,
    );
  return { read: sum('Read'), write: sum('Write') };
}

/** https://docs.kernel.org/accounting/psi.html: `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and `full` likewise. */
export function parsePressure(text: string): Pressure | null {
  const some = shares(text, 'some');
  return some === null ? null : { some, full: shares(text, 'full') };
}

function shares(text: string, word: string): PressureShares | null {
  const line = new RegExp(`^${word} avg10=([\\d.]+) avg60=([\\d.]+) avg300=([\\d.]+) total=(\\d+)$`, 'm');
  const [, avg10, avg60, avg300, totalUs] = line.exec(text) ?? [];
  if (totalUs === undefined) return null;
  return { avg10: Number(avg10), avg60: Number(avg60), avg300: Number(avg300), totalUs: Number(totalUs) };
}

export interface NetworkFigures {
  readonly networkRxBytes: number | null;
  readonly networkTxBytes: number | null;
  readonly networkRxPackets: number | null;
  readonly networkTxPackets: number | null;
}

export const NO_NETWORK_FIGURES: NetworkFigures = {
  networkRxBytes: null,
  networkTxBytes: null,
  networkRxPackets: null,
  networkTxPackets: null,
};

/** /proc/PID/net/dev (proc_pid_net(5)): two lines of titles, then `name: rx bytes, packets, ... tx bytes, packets, ...`. */
export function parseNetDev(text: string): NetworkFigures {
  const rows = text.split('\n').flatMap((line) => {
    const [, name, figures] = /^\s*([^\s:]+):\s*(\d[\d\s]*)$/.exec(line) ?? [];
    return name === undefined || name === 'lo' || figures === undefined
      ? []
      : [figures.trim().split(/\s+/).map(Number)];
  });
  if (!text.startsWith('Inter-|')) return NO_NETWORK_FIGURES;
  const sum = (column: number): number => rows.reduce((total, row) => total + (row[column] ?? 0), 0);
  return {
    networkRxBytes: sum(0),
    networkRxPackets: sum(1),
    networkTxBytes: sum(8),
    networkTxPackets: sum(9),
  };
}
