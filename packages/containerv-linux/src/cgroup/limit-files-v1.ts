import type { LimitName, ResolvedIoDeviceLimit, ResolvedIoLimits, ResolvedLimits } from 'containerv-api';
import { blockDevice } from './block-device.js';
import { cpuQuota, PERIOD_US } from './cpu-quota.js';
import { cpusetFile, holdsBytes, type LimitFile, same, V1_UNLIMITED_FROM } from './limit-file.js';

/** v1: Documentation/admin-guide/cgroup-v1/. */
export function limitFilesV1(limits: ResolvedLimits, hostCpus: number): LimitFile[] {
  const files: LimitFile[] = [];
  const add = (
    limit: LimitFile['limit'],
    controller: string,
    file: string,
    value: string,
    holds = same(value),
  ): void => {
    files.push({ limit, controller, file, value, holds });
  };
  const memory = limits.memoryBytes;
  add('memory', 'memory', 'memory.limit_in_bytes', written(memory), holdsV1Bytes(memory));
  if (limits.swapBytes !== undefined) files.push(swapFile(memory, limits.swapBytes));
  // The kernel's default is 1024 shares where v2's is a weight of 100.
  const shares = String(Math.min(262_144, Math.max(2, Math.round((limits.cpuWeight * 1024) / 100))));
  add('cpuWeight', 'cpu', 'cpu.shares', shares);
  const quota = cpuQuota(limits, hostCpus);
  if (quota !== undefined) {
    add(quota.limit, 'cpu', 'cpu.cfs_period_us', String(PERIOD_US));
    add(quota.limit, 'cpu', 'cpu.cfs_quota_us', quota.us === 'max' ? '-1' : String(quota.us));
  }
  add('pids', 'pids', 'pids.max', String(limits.pids));
  if (limits.cpuset !== undefined) files.push(cpusetFile(limits.cpuset));
  if (limits.io !== undefined) files.push(...ioFiles(limits.io));
  for (const { pageSize, bytes } of limits.hugetlb ?? []) {
    const holds = bytes === 'max' ? holdsV1Bytes(bytes) : holdsBytes(bytes, Number.MAX_SAFE_INTEGER);
    add('hugetlb', 'hugetlb', `hugetlb.${pageSize}.limit_in_bytes`, written(bytes), holds);
  }
  if (limits.memoryHighBytes !== undefined) {
    const hint = 'Cgroup v2 alone has it: boot with systemd.unified_cgroup_hierarchy=1.';
    files.push(unknownFile('memoryHigh', 'memory.high', limits.memoryHighBytes, hint));
  }
  return files;
}

/** v1 limits memory and swap together. */
function swapFile(memory: number | 'max', swap: number | 'max'): LimitFile {
  const both = swap === 'max' ? swap : memory === 'max' ? undefined : memory + swap;
  if (both === undefined) {
    const hint = 'Cgroup v1 limits swap together with memory: limit `memory` as well.';
    return unknownFile('swap', 'memory.swap.max', swap, hint);
  }
  return {
    limit: 'swap',
    controller: 'memory',
    file: 'memory.memsw.limit_in_bytes',
    value: written(both),
    holds: holdsV1Bytes(both),
  };
}

/** Only v2 has it; that nothing takes it is what refuses it. */
function unknownFile(limit: LimitName, file: string, bytes: number | 'max', hint: string): LimitFile {
  return { limit, controller: 'memory', file, value: String(bytes), holds: same(String(bytes)), hint };
}

function written(bytes: number | 'max'): string {
  return bytes === 'max' ? '-1' : String(bytes);
}

function holdsV1Bytes(bytes: number | 'max'): (content: string) => boolean {
  return bytes === 'max' ? (content) => Number(content.trim()) >= V1_UNLIMITED_FROM : holdsBytes(bytes);
}

function ioFiles({ weight, devices }: ResolvedIoLimits): LimitFile[] {
  const files: LimitFile[] = [];
  if (weight !== undefined) {
    const value = String(weight);
    // By the CFQ scheduler until Linux 5.0, by BFQ since.
    for (const file of ['blkio.weight', 'blkio.bfq.weight']) {
      files.push({ limit: 'io', controller: 'blkio', file, value, holds: same(value), either: true });
    }
  }
  return [...files, ...devices.flatMap(deviceFiles)];
}

function deviceFiles(limit: ResolvedIoDeviceLimit): LimitFile[] {
  const device = blockDevice(limit.device);
  const rates = [
    ['read_bps', limit.readBytesPerSecond],
    ['write_bps', limit.writeBytesPerSecond],
    ['read_iops', limit.readOpsPerSecond],
    ['write_iops', limit.writeOpsPerSecond],
  ] as const;
  return rates.flatMap(([name, rate]): LimitFile[] => {
    if (rate === undefined) return [];
    const value = `${device} ${rate}`;
    const holds = (content: string): boolean => content.split('\n').includes(value);
    const file = `blkio.throttle.${name}_device`;
    return [{ limit: 'io', controller: 'blkio', file, value, holds, none: `${device} 0` }];
  });
}
