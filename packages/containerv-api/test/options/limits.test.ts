import { expect, test } from 'vitest';
import { type Limits, resolveLimitChanges, resolveLimits } from '../../src/index.js';
import { fc, property } from '../property.js';
import { expectInvalid } from '../invalid.js';

test('sizes become bytes, max stays max', () => {
  expect(resolveLimits({ memory: '512M', swap: 'max', pids: 'max', cpus: 'max' })).toMatchObject({
    memoryBytes: 512 * 1024 ** 2,
    swapBytes: 'max',
    pids: 'max',
    cpus: 'max',
  });
  expect(resolveLimits({ memory: 'max', swap: 0 })).toMatchObject({ memoryBytes: 'max', swapBytes: 0 });
});

test('the smallest and largest values are in', () => {
  expect(resolveLimits({ memory: '1M', cpus: 0.01, cpuWeight: 1, pids: 1 })).toMatchObject({
    memoryBytes: 1_048_576,
    cpus: 0.01,
    cpuWeight: 1,
    pids: 1,
  });
  expect(resolveLimits({ cpuPercent: 100, cpuWeight: 10_000, pids: 2 ** 22 })).toMatchObject({
    cpuPercent: 100,
    cpuWeight: 10_000,
    pids: 2 ** 22,
  });
});

test('what the caller gave is told from what is a default, even when the values are equal', () => {
  expect(resolveLimits({ memory: '1G' })).toMatchObject({
    memoryBytes: 1024 ** 3,
    explicit: { memory: true, cpuWeight: false, pids: false, io: false },
  });
  expect(resolveLimits({ memory: undefined }).explicit.memory).toBe(false);
});

test.for([
  ['memory', '12Q'],
  ['memory', 0],
  ['memory', 512],
  ['memory', '1023K'],
  ['memory', -1],
  ['memory', null],
  ['swap', '1X'],
  ['cpus', 0],
  ['cpus', -1],
  ['cpus', 0.001],
  ['cpus', Number.NaN],
  ['cpus', Infinity],
  ['cpus', '2'],
  ['cpuWeight', 0],
  ['cpuWeight', 10_001],
  ['cpuWeight', 1.5],
  ['cpuWeight', 'max'],
  ['cpuPercent', 0],
  ['cpuPercent', 101],
  ['cpuPercent', Number.NaN],
  ['pids', 0],
  ['pids', 1.5],
  ['pids', 2 ** 22 + 1],
  ['pids', '5'],
  ['cpuset', ''],
  ['cpuset', '3-1'],
  ['cpuset', '0,'],
  ['cpuset', '0-4294967295'],
  ['cpuset', '0 - 3'],
  ['cpuset', 3],
  ['io', 7],
] as const)('%s: %s is refused', ([name, value]) => {
  expectInvalid(() => resolveLimits({ [name]: value }), `\`limits.${name}\``);
});

test('a size that was meant in megabytes gets a hint', () => {
  expectInvalid(() => resolveLimits({ memory: 512 }), 'at least 1 MiB', "write '512M'");
});

test.for([
  ['0', [0]],
  ['0-3,5', [0, 1, 2, 3, 5]],
  ['5,0-1,1', [0, 1, 5]],
  ['7-7', [7]],
] as const)('processors %s are %j', ([cpuset, cpus]) => {
  expect(resolveLimits({ cpuset }).cpuset).toEqual(cpus);
});

property([fc.uniqueArray(fc.nat({ max: 300 }), { minLength: 1 })])(
  'a list of processors survives',
  (cpus) => {
    expect(resolveLimits({ cpuset: cpus.join(',') }).cpuset).toEqual([...cpus].sort((a, b) => a - b));
  },
);

test('memory.high is bytes or none', () => {
  expect(resolveLimits({ memoryHigh: '64M' }).memoryHighBytes).toBe(64 * 1024 ** 2);
  expect(resolveLimits({ memoryHigh: 'max' }).memoryHighBytes).toBe('max');
  expectInvalid(() => resolveLimits({ memoryHigh: '64X' }), '`limits.memoryHigh`');
});

test('huge pages by size, as the kernel names them', () => {
  expect(resolveLimits({ hugetlb: { '2M': '64M', '1GiB': 'max', '64K': 0, 2097152: 7 } }).hugetlb).toEqual([
    { pageSize: '2MB', bytes: 7 },
    { pageSize: '2MB', bytes: 64 * 1024 ** 2 },
    { pageSize: '1GB', bytes: 'max' },
    { pageSize: '64KB', bytes: 0 },
  ]);
  for (const size of ['3M', '512', '0', '2MB', 'x'])
    expectInvalid(() => resolveLimits({ hugetlb: { [size]: 0 } }), 'limits.hugetlb');
  expectInvalid(() => resolveLimits({ hugetlb: { '2M': -1 } }), 'limits.hugetlb.2M');
});

test('a change names what it changes', () => {
  const { explicit, pids } = resolveLimitChanges({ pids: 7 });
  expect({ pids, changed: Object.entries(explicit).filter(([, given]) => given) }).toEqual({
    pids: 7,
    changed: [['pids', true]],
  });
  expectInvalid(() => resolveLimitChanges({}), 'at least one limit');
  expectInvalid(() => resolveLimitChanges({ pids: undefined }), 'at least one limit');
});

test('device limits are resolved one by one', () => {
  const io = {
    weight: 50,
    devices: [{ device: '8:0', readBytesPerSecond: '1M', writeOpsPerSecond: 10 }, { device: '/dev/sda' }],
  };
  expect(resolveLimits({ io }).io).toEqual({
    weight: 50,
    devices: [
      {
        device: '8:0',
        readBytesPerSecond: 1_048_576,
        writeBytesPerSecond: undefined,
        readOpsPerSecond: undefined,
        writeOpsPerSecond: 10,
      },
      {
        device: '/dev/sda',
        readBytesPerSecond: undefined,
        writeBytesPerSecond: undefined,
        readOpsPerSecond: undefined,
        writeOpsPerSecond: undefined,
      },
    ],
  });
});

test.for([
  [{ weight: 0 }, 'limits.io.weight'],
  [{ devices: [{ device: 'sda' }] }, 'limits.io.devices[0].device'],
  [
    { devices: [{ device: '8:0', readBytesPerSecond: 0 }] },
    'limits.io.devices[0].readBytesPerSecond` to be more than 0',
  ],
  [{ devices: [{ device: '8:0', writeBytesPerSecond: 'max' }] }, 'limits.io.devices[0].writeBytesPerSecond'],
  [{ devices: [{ device: '8:0', readOpsPerSecond: 0 }] }, 'limits.io.devices[0].readOpsPerSecond'],
  [{ devices: [{}] }, 'limits.io.devices[0].device'],
  [{ devices: 'x' }, 'limits.io.devices` to be an array'],
] as const)('io %j is refused', ([io, part]) => {
  expectInvalid(() => resolveLimits({ io } as unknown as Limits), part);
});
