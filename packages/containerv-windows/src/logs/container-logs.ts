import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { ContainervError, type LogOptions } from 'containerv-api';
import { withFileErrors } from '../file-error.js';
import { claimNew, isClaimed } from '../state/claim.js';
import { LogReader, type LogSource } from './log-reader.js';
import { namesOf } from './log-segments.js';
import { LogWriter } from './log-writer.js';

/** As many as a Linux container keeps. */
const MAX_LOGS = 64;

/** Below a container's data directory. */
function logsOf(dataDirectory: string): string {
  return path.join(dataDirectory, 'logs');
}

/** The logs of a container: a directory for each process, locked by the program that writes to it. */
export class ContainerLogs {
  readonly #directory: string;
  readonly #id: string;

  constructor(id: string, dataDirectory: string) {
    this.#id = id;
    this.#directory = logsOf(dataDirectory);
  }

  /** Makes room for one more. */
  async prepare(): Promise<void> {
    await withFileErrors('make log', this.#directory, async () => {
      await mkdir(this.#directory, { recursive: true });
      await this.#dropOldest();
    });
  }

  /** @returns where the output of a process goes; its end is the end of the log */
  async open(pid: number, bytes: number): Promise<LogWriter> {
    const directory = path.join(this.#directory, String(pid));
    const claim = await withFileErrors('make log', directory, async () => {
      // Of an earlier process that had the same id.
      await rm(directory, { recursive: true, force: true });
      return claimNew(directory);
    });
    if (typeof claim === 'object') return new LogWriter(directory, bytes, async () => claim.release());
    throw new ContainervError('ERR_CONTAINERV_EXISTS', `Process ${pid} has a log already`, {
      step: 'make log',
      path: directory,
    });
  }

  read(options: LogOptions): LogReader {
    return new LogReader(async () => this.#find(options.pid), options);
  }

  /** Of processes that are gone with what they ran in. */
  async removeAll(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #find(pid: number | undefined): Promise<LogSource> {
    const pids = await this.#pids();
    const [only, ...others] = pids;
    if (pid === undefined && others.length > 0) {
      throw new ContainervError(
        'ERR_CONTAINERV_INVALID_OPTION',
        `Several processes of container '${this.#id}' have logs`,
        { step: 'read log', hint: `Name one of them: ${pids.join(', ')}.` },
      );
    }
    const wanted = pid ?? only;
    if (wanted === undefined || !pids.includes(wanted)) {
      const whose = pid === undefined ? 'No process' : `No process ${pid}`;
      throw new ContainervError('ERR_CONTAINERV_NOT_FOUND', `${whose} of container '${this.#id}' has a log`, {
        step: 'read log',
        hint: 'Start it with `log: true`.',
      });
    }
    const directory = path.join(this.#directory, String(wanted));
    return { directory, isWritten: async () => isClaimed(directory) };
  }

  async #pids(): Promise<number[]> {
    const names = (await namesOf(this.#directory)).filter((name) => /^\d+$/.test(name));
    return names.map(Number).sort((a, b) => a - b);
  }

  async #dropOldest(): Promise<void> {
    const pids = await this.#pids();
    if (pids.length < MAX_LOGS) return;
    const ended: { directory: string; at: number }[] = [];
    for (const pid of pids) {
      const directory = path.join(this.#directory, String(pid));
      if (!(await isClaimed(directory))) ended.push({ directory, at: (await stat(directory)).mtimeMs });
    }
    const oldest = ended.sort((a, b) => a.at - b.at)[0];
    if (oldest === undefined) {
      throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `A container keeps ${MAX_LOGS} logs`, {
        step: 'make log',
        hint: 'Start the process without `log`.',
      });
    }
    await rm(oldest.directory, { recursive: true, force: true });
  }
}
