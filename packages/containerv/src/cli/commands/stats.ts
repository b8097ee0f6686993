import { setTimeout as sleep } from 'node:timers/promises';
import { type Container, type ContainerStats, isContainervError } from 'containerv-api';
import type { Command, Surroundings } from '../command.js';
import { bytesText, countText, percentText, sparkline } from '../figures.js';
import { liveView, repeat } from '../live-view.js';
import { jsonLine, table } from '../table.js';
import { findContainer } from './find-container.js';
import { SAMPLE_MS, WATCH_OPTIONS, watching } from './watch-options.js';

const HISTORY = 30;

export const stats: Command = {
  name: 'stats',
  summary: 'Show what containers use.',
  synopsis: '[options] [ID...]',
  options: WATCH_OPTIONS,
  notes:
    'Without an ID: all that run. On a terminal a table that is drawn again and again, until Ctrl-C;\n' +
    'everywhere else a line of JSON for each container, and again with --interval.',
  operands: [0, Infinity],
  async run(line, surroundings) {
    const { stdout } = surroundings;
    const { live, intervalMs, repeatMs } = watching(line, stdout.isTTY === true);
    const readings = new Readings(surroundings.driver, line.operands);
    if (live) {
      await liveView(surroundings, intervalMs, async () => readings.lines());
      return 0;
    }
    await readings.read();
    await sleep(SAMPLE_MS);
    await repeat(surroundings, repeatMs, async () => {
      const read = await readings.read();
      for (const [id, figures] of read) stdout.write(jsonLine({ id, ...figures }));
      return read.length > 0;
    });
    return 0;
  },
};

/** The same containers again and again: joined once, so that figures since the last time can be told. */
class Readings {
  readonly #driver: Surroundings['driver'];
  readonly #ids: readonly string[];
  readonly #joined = new Map<string, Container>();
  readonly #history = new Map<string, (number | null)[]>();

  constructor(driver: Surroundings['driver'], ids: readonly string[]) {
    this.#driver = driver;
    this.#ids = ids;
  }

  async read(): Promise<(readonly [id: string, figures: ContainerStats])[]> {
    const ids = this.#ids.length > 0 ? this.#ids : await this.#running();
    const read = await Promise.all(ids.map(async (id) => this.#readOne(id)));
    return read.filter((reading) => reading !== undefined);
  }

  /** `undefined`: none of those that were asked for is left. */
  async lines(): Promise<string[] | undefined> {
    const read = await this.read();
    if (read.length === 0 && this.#ids.length > 0) return undefined;
    const titles = [
      'ID',
      'CPU%',
      'MEMORY',
      'PEAK',
      'READ',
      'WRITTEN',
      'NET IN',
      'NET OUT',
      'PROCS',
      'HISTORY',
    ];
    return table([titles, ...read.map(([id, figures]) => this.#row(id, figures))])
      .trimEnd()
      .split('\n');
  }

  async #running(): Promise<string[]> {
    const containers = await this.#driver.listContainers();
    return containers.filter(({ state }) => state === 'running' || state === 'paused').map(({ id }) => id);
  }

  async #readOne(id: string): Promise<readonly [string, ContainerStats] | undefined> {
    try {
      const known = this.#joined.get(id);
      if (known === undefined) await findContainer(id, this.#driver);
      const container = known ?? (await this.#driver.joinContainer(id));
      this.#joined.set(id, container);
      return [id, await container.stats()];
    } catch (error) {
      // One that ends while it is watched has no more figures; one that never ran is a mistake.
      const ended =
        isContainervError(error) && ['ERR_CONTAINERV_STATE', 'ERR_CONTAINERV_NOT_FOUND'].includes(error.code);
      if (!ended || (this.#ids.length > 0 && !this.#history.has(id))) throw error;
      this.#joined.delete(id);
      return undefined;
    } finally {
      this.#history.set(id, this.#history.get(id) ?? []);
    }
  }

  #row(id: string, figures: ContainerStats): string[] {
    const history = [...(this.#history.get(id) ?? []), figures.cpuPercent].slice(-HISTORY);
    this.#history.set(id, history);
    return [
      id,
      percentText(figures.cpuPercent),
      bytesText(figures.memoryBytes),
      bytesText(figures.memoryPeakBytes),
      bytesText(figures.readBytes),
      bytesText(figures.writeBytes),
      bytesText(figures.networkRxBytes),
      bytesText(figures.networkTxBytes),
      countText(figures.activeProcesses),
      sparkline(history),
    ];
  }
}
