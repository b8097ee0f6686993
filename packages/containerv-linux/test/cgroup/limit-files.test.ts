import { type Limits, resolveLimits } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import type { LimitFile } from '../../src/cgroup/limit-file.js';
import { limitFilesV1 } from '../../src/cgroup/limit-files-v1.js';
import { limitFilesV2 } from '../../src/cgroup/limit-files-v2.js';
import { fc, property } from '../support/property.js';

const HOST_CPUS = 8;
const v1 = (limits: Limits): LimitFile[] => limitFilesV1(resolveLimits(limits), HOST_CPUS);
const v2 = (limits: Limits): LimitFile[] => limitFilesV2(resolveLimits(limits), HOST_CPUS);
const values = (files: readonly LimitFile[]): Record<string, string> =>
  Object.fromEntries(files.map(({ file, value }) => [file, value]));
const fileOf = (files: readonly LimitFile[], name: string): LimitFile => {
  const found = files.find(({ file }) => file === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

describe('v2', () => {
  test('the defaults', () => {
    expect(values(v2({}))).toEqual({ 'memory.max': '1073741824', 'cpu.weight': '100', 'pids.max': '256' });
  });

  test.for<[Limits, Record<string, string>]>([
    [{ memory: '512M' }, { 'memory.max': '536870912' }],
    [{ memory: 'max' }, { 'memory.max': 'max' }],
    [{ swap: 0 }, { 'memory.swap.max': '0' }],
    [{ swap: 'max' }, { 'memory.swap.max': 'max' }],
    [{ cpus: 1.5 }, { 'cpu.max': '150000 100000' }],
    [{ cpus: 0.01 }, { 'cpu.max': '1000 100000' }],
    [{ cpus: 'max' }, { 'cpu.max': 'max 100000' }],
    [{ cpuPercent: 50 }, { 'cpu.max': '400000 100000' }],
    [{ cpuPercent: 0.001 }, { 'cpu.max': '1000 100000' }],
    [{ cpuWeight: 1 }, { 'cpu.weight': '1' }],
    [{ pids: 'max' }, { 'pids.max': 'max' }],
    [{ cpuset: '0-2,5' }, { 'cpuset.cpus': '0,1,2,5' }],
  ])('%j is %j', ([limits, expected]) => {
    expect(values(v2(limits))).toMatchObject(expected);
  });

  test('block devices, and shares of them by whichever the kernel has', () => {
    const io = { weight: 50, devices: [{ device: '8:16', readBytesPerSecond: '1M', writeOpsPerSecond: 7 }] };
    const files = v2({ io });
    expect(values(files)).toMatchObject({
      'io.weight': 'default 50',
      'io.bfq.weight': 'default 50',
      'io.max': '8:16 rbps=1048576 wiops=7',
    });
    const { holds } = fileOf(files, 'io.max');
    expect(holds('8:16 rbps=1048576 wbps=max riops=max wiops=7\n')).toBe(true);
    expect(holds('8:16 rbps=1048576 wbps=max riops=max wiops=70\n')).toBe(false);
    expect(holds('8:1 rbps=1048576 wbps=max riops=max wiops=7\n')).toBe(false);
    expect(fileOf(files, 'io.weight').holds('default 50\n8:0 10\n')).toBe(true);
  });

  test('memory.high and huge pages', () => {
    expect(values(v2({ memoryHigh: '64M', hugetlb: { '1G': 'max', '2M': 0 } }))).toMatchObject({
      'memory.high': '67108864',
      'hugetlb.1GB.max': 'max',
      'hugetlb.2MB.max': '0',
    });
  });

  test('processors are those that the container gets, whatever was written', () => {
    expect(fileOf(v2({ cpuset: '1' }), 'cpuset.cpus').told).toBe('cpuset.cpus.effective');
    expect(fileOf(v1({ cpuset: '1' }), 'cpuset.cpus').told).toBeUndefined();
  });

  test('what was not asked for is not written', () => {
    for (const name of ['memory.swap.max', 'cpu.max', 'cpuset.cpus'])
      expect(values(v2({}))).not.toHaveProperty([name]);
  });
});

describe('v1', () => {
  test('the defaults', () => {
    expect(values(v1({}))).toEqual({
      'memory.limit_in_bytes': '1073741824',
      'cpu.shares': '1024',
      'pids.max': '256',
    });
  });

  test.for<[Limits, Record<string, string>]>([
    [{ memory: '1M', swap: '1M' }, { 'memory.memsw.limit_in_bytes': '2097152' }],
    [{ memory: '1M', swap: 0 }, { 'memory.memsw.limit_in_bytes': '1048576' }],
    [{ cpus: 1.5 }, { 'cpu.cfs_period_us': '100000', 'cpu.cfs_quota_us': '150000' }],
    [{ cpus: 'max' }, { 'cpu.cfs_quota_us': '-1' }],
    [{ cpuPercent: 25 }, { 'cpu.cfs_quota_us': '200000' }],
    [{ cpuWeight: 1 }, { 'cpu.shares': '10' }],
    [{ cpuWeight: 10_000 }, { 'cpu.shares': '102400' }],
    [{ cpuset: '3' }, { 'cpuset.cpus': '3' }],
  ])('%j is %j', ([limits, expected]) => {
    expect(values(v1(limits))).toMatchObject(expected);
  });

  test('memory and swap are raised in the order that the kernel wants: memory first', () => {
    const names = v1({ memory: '1M', swap: '1M' }).map(({ file }) => file);
    expect(names.indexOf('memory.limit_in_bytes')).toBeLessThan(names.indexOf('memory.memsw.limit_in_bytes'));
  });

  test('no limit reads back as the largest number there is', () => {
    const { holds } = fileOf(v1({ memory: 'max' }), 'memory.limit_in_bytes');
    expect(holds('9223372036854771712\n')).toBe(true);
    expect(holds('1073741824\n')).toBe(false);
  });

  test('block devices are limited each by itself', () => {
    const io = { weight: 50, devices: [{ device: '8:16', readBytesPerSecond: '1M', writeOpsPerSecond: 7 }] };
    const files = v1({ io });
    expect(values(files)).toMatchObject({
      'blkio.weight': '50',
      'blkio.bfq.weight': '50',
      'blkio.throttle.read_bps_device': '8:16 1048576',
      'blkio.throttle.write_iops_device': '8:16 7',
    });
    const { holds } = fileOf(files, 'blkio.throttle.read_bps_device');
    expect(holds('8:0 1048576\n8:16 1048576\n')).toBe(true);
    expect(holds('8:0 1048576\n')).toBe(false);
  });

  test('huge pages by their size, rounded down by the kernel', () => {
    const { holds, value } = fileOf(v1({ hugetlb: { '2M': '5M' } }), 'hugetlb.2MB.limit_in_bytes');
    expect(value).toBe('5242880');
    expect(holds('4194304\n')).toBe(true);
    expect(holds('9223372036854771712\n')).toBe(false);
  });

  test('no limit of memory leaves nothing to add swap to, and it is refused by what takes nothing', () => {
    const files = v1({ memory: 'max', swap: '1M' });
    expect(values(files)).toMatchObject({ 'memory.limit_in_bytes': '-1' });
    expect(values(files)).not.toHaveProperty(['memory.memsw.limit_in_bytes']);
    expect(fileOf(files, 'memory.swap.max').hint).toMatch(/limit `memory` as well/);
    expect(fileOf(v1({ memoryHigh: '1M' }), 'memory.high').hint).toMatch(/v2/);
  });

  test('no limit of swap is none of the sum', () => {
    const { value, holds } = fileOf(v1({ swap: 'max' }), 'memory.memsw.limit_in_bytes');
    expect(value).toBe('-1');
    expect(holds('9223372036854771712\n')).toBe(true);
    expect(holds('1073741824\n')).toBe(false);
  });
});

describe('read back', () => {
  const memory = fileOf(v2({ memory: 10_000_000 }), 'memory.max');

  test('a size that the kernel rounded down to pages holds', () => {
    expect(memory.holds('9998336\n')).toBe(true);
    expect(memory.holds('10000000\n')).toBe(true);
  });

  test.for(['10000001\n', 'max\n', '9223372036854771712\n', '', '-1\n', 'NaN', '9000000\n'])(
    '%j is another limit',
    (content) => {
      expect(memory.holds(content)).toBe(false);
    },
  );

  test('no limit is no limit', () => {
    const lifted = fileOf(v2({ memory: 'max' }), 'memory.max');
    expect(lifted.holds('max\n')).toBe(true);
    expect(lifted.holds('1073741824\n')).toBe(false);
  });

  test('swap of v1 is held as the sum', () => {
    const both = fileOf(v1({ memory: '1M', swap: '1M' }), 'memory.memsw.limit_in_bytes');
    expect(both.holds('2097152\n')).toBe(true);
    expect(both.holds('9223372036854771712\n')).toBe(false);
  });

  test('other values hold when they are the same', () => {
    const quota = fileOf(v2({ cpus: 2 }), 'cpu.max');
    expect(quota.holds('200000 100000\n')).toBe(true);
    expect(quota.holds('max 100000\n')).toBe(false);
    const pids = fileOf(v1({ pids: 5 }), 'pids.max');
    expect(pids.holds('5\n')).toBe(true);
    expect(pids.holds('max\n')).toBe(false);
  });

  test('processors come back as ranges', () => {
    const cpuset = fileOf(v2({ cpuset: '0-2,5,7' }), 'cpuset.cpus');
    expect(cpuset.holds('0-2,5,7\n')).toBe(true);
    expect(cpuset.holds('0-2,5\n')).toBe(false);
    expect(cpuset.holds('\n')).toBe(false);
  });
});

property([fc.integer({ min: 2 ** 20, max: 2 ** 50 }), fc.constantFrom(4096, 16_384, 65_536)])(
  'a limit of memory holds on every page size, and never when it is looser',
  (bytes, page) => {
    const file = fileOf(v2({ memory: bytes }), 'memory.max');
    expect(file.holds(`${Math.floor(bytes / page) * page}\n`)).toBe(true);
    expect(file.holds(`${bytes + 1}\n`)).toBe(false);
    expect(file.holds(`${(Math.floor(bytes / page) + 1) * page}\n`)).toBe(false);
  },
);

property([fc.integer({ min: 1, max: 10_000 })])(
  'shares of v1 are in the range of the kernel, 1024 for 100',
  (cpuWeight) => {
    const shares = Number(fileOf(v1({ cpuWeight }), 'cpu.shares').value);
    expect(shares).toBeGreaterThanOrEqual(2);
    expect(shares).toBeLessThanOrEqual(262_144);
    expect(Math.abs(shares - cpuWeight * 10.24)).toBeLessThanOrEqual(0.5);
  },
);

property([fc.uniqueArray(fc.nat({ max: 200 }), { minLength: 1 })])(
  'any set of processors holds as the kernel prints it',
  (cpus) => {
    const sorted = [...cpus].sort((a, b) => a - b);
    const printed = sorted.map((cpu) => (cpu % 2 === 0 ? `${cpu}-${cpu}` : `${cpu}`)).join(',');
    expect(fileOf(v2({ cpuset: cpus.join(',') }), 'cpuset.cpus').holds(`${printed}\n`)).toBe(true);
  },
);
