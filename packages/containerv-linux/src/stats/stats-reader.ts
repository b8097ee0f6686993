import { close, constants, open as openCallback } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { ContainerStats, Enforced } from 'containerv-api';
import type { GroupDirectories } from '../cgroup/groups.js';
import { parseProcs } from '../cgroup/moved-processes.js';
import { parseOomKills } from '../cgroup/oom-file.js';
import { FileBatch } from '../file-batch.js';
import type { Native } from '../native.js';
import {
  type IoFigures,
  type NetworkFigures,
  NO_NETWORK_FIGURES,
  parseBlkio,
  parseCpuStat,
  parseIoStat,
  parseNetDev,
  parseNumber,
  parsePressure,
} from './parse-figures.js';
import { processFiles, type StatsFile, statsFiles } from './stats-files.js';

const NS_PER_MS = 1e6;

export interface StatsSource {
  readonly groups: GroupDirectories;
  readonly network: Enforced['network'];
  /** When the counting began. */
  readonly createdAt: Date;
}

/** Reads what a container uses, from files that it keeps open between readings. */
export class StatsReader {
  readonly #native: Native;
  readonly #source: StatsSource;
  readonly #files: ReadonlyMap<StatsFile, string>;
  readonly #open = new Map<StatsFile, number>();
  /** /proc/PID of init, which stays its own when the number goes to another process. */
  #init: { readonly pid: number; readonly fd: number } | undefined;
  #last: { readonly cpuTimeNs: number; readonly atMs: number };
  #reading: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(native: Native, source: StatsSource) {
    this.#native = native;
    this.#source = source;
    this.#files = statsFiles(source.groups);
    this.#last = { cpuTimeNs: 0, atMs: source.createdAt.getTime() };
  }

  /** @param init - its process id, taken while it was alive */
  async read(init: number | null): Promise<ContainerStats> {
    // One after the other: the descriptors are shared, and a share of time is between two readings.
    const reading = this.#reading.then(async () => this.#read(init));
    this.#reading = reading.catch(() => {});
    return reading;
  }

  /** After the readings that are under way. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reading = this.#reading.finally(() => {
      for (const fd of [...this.#open.values(), this.#init?.fd ?? -1]) if (fd >= 0) close(fd);
      this.#open.clear();
      this.#init = undefined;
    });
  }

  async #read(init: number | null): Promise<ContainerStats> {
    const names = await this.#openFiles();
    const [texts, processes, network] = await Promise.all([
      this.#native.readAll(names.map((name) => this.#open.get(name) ?? -1)),
      this.#countProcesses(),
      this.#readNetwork(init),
    ]);
    const now = new Date();
    const text = (name: StatsFile): string => texts[names.indexOf(name)] ?? '';
    const cpuTimeNs = this.#v1 ? parseNumber(text('cpu')) : parseCpuStat(text('cpu'));
    const io = this.#io(text, names);
    return {
      timestamp: now,
      memoryBytes: parseNumber(text('memory')),
      memoryPeakBytes: parseNumber(text('memoryPeak')),
      cpuTimeNs,
      cpuPercent: this.#cpuPercent(cpuTimeNs, now.getTime()),
      readBytes: io.bytes.read,
      writeBytes: io.bytes.write,
      readOps: io.ops.read,
      writeOps: io.ops.write,
      ...network,
      // Where there are processes, init is one of them.
      activeProcesses: processes === 0 ? null : processes,
      totalProcesses: null,
      fileAccessesAllowed: null,
      fileAccessesDenied: null,
      oomKills: parseOomKills(text('oom')),
      cpuPressure: parsePressure(text('cpuPressure')),
      memoryPressure: parsePressure(text('memoryPressure')),
      ioPressure: parsePressure(text('ioPressure')),
    };
  }

  /** Opened for each reading: v1 gives who keeps it open the same list for a second (cgroup_pidlist_start). */
  async #countProcesses(): Promise<number> {
    const batch = new FileBatch();
    const handles = processFiles(this.#source.groups).map((path) =>
      batch.add({ op: 'read', path, optional: true }),
    );
    await batch.run(this.#native, 'count processes');
    return handles.reduce((sum, handle) => sum + parseProcs(batch.result(handle).text).length, 0);
  }

  get #v1(): boolean {
    return this.#source.groups.unified === null;
  }

  #io(
    text: (name: StatsFile) => string,
    open: readonly StatsFile[],
  ): { readonly bytes: IoFigures; readonly ops: IoFigures } {
    if (this.#v1) return { bytes: parseBlkio(text('ioBytes')), ops: parseBlkio(text('ioOps')) };
    // An empty file says that nothing was done; a file that is not there says nothing.
    if (open.includes('ioBytes')) return parseIoStat(text('ioBytes'));
    const unknown: IoFigures = { read: null, write: null };
    return { bytes: unknown, ops: unknown };
  }

  #cpuPercent(cpuTimeNs: number | null, atMs: number): number | null {
    if (cpuTimeNs === null) return null;
    const { cpuTimeNs: before, atMs: since } = this.#last;
    this.#last = { cpuTimeNs, atMs };
    // Within a millisecond the clock cannot tell.
    return atMs <= since ? null : (Math.max(0, cpuTimeNs - before) / ((atMs - since) * NS_PER_MS)) * 100;
  }

  /** Those that are there. */
  async #openFiles(): Promise<StatsFile[]> {
    const missing = [...this.#files].filter(([name]) => !this.#open.has(name));
    await Promise.all(
      missing.map(async ([name, file]) => {
        const fd = await openFile(file, constants.O_RDONLY);
        if (fd !== undefined) this.#open.set(name, fd);
      }),
    );
    return [...this.#open.keys()];
  }

  async #readNetwork(init: number | null): Promise<NetworkFigures> {
    if (this.#source.network === 'host' || init === null) return NO_NETWORK_FIGURES;
    if (this.#init?.pid !== init) {
      if (this.#init !== undefined) close(this.#init.fd);
      this.#init = undefined;
      const fd = await openFile(`/proc/${init}`, constants.O_RDONLY | constants.O_DIRECTORY);
      if (fd === undefined) return NO_NETWORK_FIGURES;
      this.#init = { pid: init, fd };
    }
    // Opened for each reading: an open file of a network namespace would keep it from going when the container does.
    const text = await readFile(`/proc/self/fd/${this.#init.fd}/net/dev`, 'utf8').catch(() => '');
    return parseNetDev(text);
  }
}

async function openFile(file: string, flags: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    openCallback(file, flags, (error, fd) => resolve(error === null ? fd : undefined));
  });
}
