import type { ContainerStats, ProcessInfo } from 'containerv-api';
import { openHns } from 'containerv-hns';
import { propertiesQuery } from './documents/requests.js';
import type { HcsSystem } from './hcs/hcs-api.js';
import { readProcessList, readStatistics, type StatisticsReading } from './statistics.js';

/** Figures of a container, each share of processor time since the reading before. */
export class Vitals {
  #previous: StatisticsReading | undefined;

  async stats(system: HcsSystem, endpointId: string | null): Promise<ContainerStats> {
    const properties = await system.properties(propertiesQuery('Statistics', 'ProcessList'));
    const listed = Array.isArray(properties['ProcessList']) ? readProcessList(properties).length : null;
    const reading = readStatistics(properties, new Date(), listed, this.#previous);
    this.#previous = reading;
    if (endpointId === null) return reading.stats;
    const traffic = await (await openHns()).endpointStatistics(endpointId);
    if (traffic === null) return reading.stats;
    return {
      ...reading.stats,
      networkRxBytes: traffic.rxBytes,
      networkTxBytes: traffic.txBytes,
      networkRxPackets: traffic.rxPackets,
      networkTxPackets: traffic.txPackets,
    };
  }

  async processes(system: HcsSystem): Promise<ProcessInfo[]> {
    return readProcessList(await system.properties(propertiesQuery('ProcessList')));
  }

  /** It was started anew, and counts from zero. */
  reset(): void {
    this.#previous = undefined;
  }
}
