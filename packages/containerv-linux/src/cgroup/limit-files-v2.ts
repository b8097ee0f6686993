import type { ResolvedIoDeviceLimit, ResolvedIoLimits, ResolvedLimits } from 'containerv-api';
import { blockDevice } from './block-device.js';
import { cpuQuota, PERIOD_US } from './cpu-quota.js';
import { cpusetFile, holdsBytes, type LimitFile, same } from './limit-file.js';

/** v2: Documentation/admin-guide/cgroup-v2.rst. */
export function limitFilesV2(limits: ResolvedLimits, hostCpus: number): LimitFile[] {
  const quota = cpuQuota(limits, hostCpus);
  return [
    bytesFile('memory', 'memory', 'memory.max', limits.memoryBytes),
    ...given(limits.memoryHighBytes, (bytes) => bytesFile('memoryHigh', 'memory', 'memory.high', bytes)),
    ...given(limits.swapBytes, (bytes) => bytesFile('swap', 'memory', 'memory.swap.max', bytes)),
    textFile('cpuWeight', 'cpu', 'cpu.weight', String(limits.cpuWeight)),
    ...given(quota, ({ limit, us }) => textFile(limit, 'cpu', 'cpu.max', `${us} ${PERIOD_US}`)),
    textFile('pids', 'pids', 'pids.max', String(limits.pids)),
    // Of processors that the group above does not have, the kernel makes all that it has (cgroup-v2.rst, "cpuset.cpus").
    ...given(limits.cpuset, (cpus) => ({ ...cpusetFile(cpus), told: 'cpuset.cpus.effective' })),
    ...(limits.io === undefined ? [] : ioFiles(limits.io)),
    ...(limits.hugetlb ?? []).map(
      ({ pageSize, bytes }): LimitFile => ({
        limit: 'hugetlb',
        controller: 'hugetlb',
        file: `hugetlb.${pageSize}.max`,
        value: String(bytes),
        // Counted in whole huge pages, rounded down.
        holds: holdsBytes(bytes, Number.MAX_SAFE_INTEGER),
      }),
    ),
  ];
}

function given<Value>(value: Value | undefined, file: (value: Value) => LimitFile): LimitFile[] {
  return value === undefined ? [] : [file(value)];
}

function bytesFile(
  limit: LimitFile['limit'],
  controller: string,
  file: string,
  bytes: number | 'max',
): LimitFile {
  return { limit, controller, file, value: String(bytes), holds: holdsBytes(bytes) };
}

function textFile(limit: LimitFile['limit'], controller: string, file: string, value: string): LimitFile {
  return { limit, controller, file, value, holds: same(value) };
}

function ioFiles({ weight, devices }: ResolvedIoLimits): LimitFile[] {
  const files: LimitFile[] = [];
  if (weight !== undefined) {
    const value = `default ${weight}`;
    const holds = (content: string): boolean => content.split('\n')[0]?.trim() === value;
    // By the block layer's cost model, or by the BFQ scheduler; a kernel may have either.
    for (const file of ['io.weight', 'io.bfq.weight']) {
      files.push({ limit: 'io', controller: 'io', file, value, holds, either: true });
    }
  }
  return [...files, ...devices.map(deviceFile)];
}

function deviceFile(limit: ResolvedIoDeviceLimit): LimitFile {
  const device = blockDevice(limit.device);
  const rates = [
    ['rbps', limit.readBytesPerSecond],
    ['wbps', limit.writeBytesPerSecond],
    ['riops', limit.readOpsPerSecond],
    ['wiops', limit.writeOpsPerSecond],
  ] as const;
  const wanted = rates.flatMap(([key, rate]) => (rate === undefined ? [] : [`${key}=${rate}`]));
  return {
    limit: 'io',
    controller: 'io',
    file: 'io.max',
    value: [device, ...wanted].join(' '),
    none: `${device} rbps=max wbps=max riops=max wiops=max`,
    holds: (content) => {
      const line = content.split('\n').find((text) => text.startsWith(`${device} `)) ?? '';
      const held = new Set(line.split(' '));
      return wanted.every((rate) => held.has(rate));
    },
  };
}
