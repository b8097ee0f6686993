import path from 'node:path';
import { directoryOf, freezerOf, type GroupDirectories } from '../cgroup/groups.js';

/** The files that figures of a container come from and that can be kept open, by what they are about. */
export type StatsFile =
  | 'memory'
  | 'memoryPeak'
  | 'oom'
  | 'cpu'
  | 'ioBytes'
  | 'ioOps'
  | 'cpuPressure'
  | 'memoryPressure'
  | 'ioPressure';

type Place = readonly [controller: string, file: string];

/** Documentation/admin-guide/cgroup-v2.rst. */
const V2: Readonly<Partial<Record<StatsFile, string>>> = {
  memory: 'memory.current',
  memoryPeak: 'memory.peak',
  oom: 'memory.events',
  cpu: 'cpu.stat',
  ioBytes: 'io.stat',
  cpuPressure: 'cpu.pressure',
  memoryPressure: 'memory.pressure',
  ioPressure: 'io.pressure',
};

/** Documentation/admin-guide/cgroup-v1/. */
const V1: Readonly<Partial<Record<StatsFile, Place>>> = {
  memory: ['memory', 'memory.usage_in_bytes'],
  memoryPeak: ['memory', 'memory.max_usage_in_bytes'],
  oom: ['memory', 'memory.oom_control'],
  cpu: ['cpuacct', 'cpuacct.usage'],
  ioBytes: ['blkio', 'blkio.throttle.io_service_bytes_recursive'],
  ioOps: ['blkio', 'blkio.throttle.io_serviced_recursive'],
};

export function statsFiles(groups: GroupDirectories): ReadonlyMap<StatsFile, string> {
  const { unified } = groups;
  if (unified === null) {
    const places = Object.entries(V1) as [StatsFile, Place][];
    return new Map(
      places.flatMap(([name, [controller, file]]) => {
        const directory = directoryOf(groups, controller);
        return directory === undefined ? [] : [[name, path.join(directory, file)]];
      }),
    );
  }
  return new Map(
    (Object.entries(V2) as [StatsFile, string][]).map(([name, file]) => [name, path.join(unified, file)]),
  );
}

/** The files that list all processes of a container; none without control groups. */
export function processFiles(groups: GroupDirectories): string[] {
  // On v1 groups of one controller hold all; on v2 a group lists what is directly in it.
  const directories =
    groups.unified === null ? [groups.v1['pids']] : [groups.unified, freezerOf(groups)?.directory];
  return directories.flatMap((directory) =>
    directory === undefined ? [] : [path.join(directory, 'cgroup.procs')],
  );
}
