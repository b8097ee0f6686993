import { describe, expect, test } from 'vitest';
import { readProcessList, readStatistics } from '../src/statistics.js';

const now = new Date('2026-01-01T00:00:10Z');
const properties = {
  Id: 'web',
  Statistics: {
    Timestamp: '2026-01-01T00:00:10Z',
    Uptime100ns: 100_000_000,
    Processor: {
      TotalRuntime100ns: 50_000_000,
      RuntimeUser100ns: 40_000_000,
      RuntimeKernel100ns: 10_000_000,
    },
    Memory: {
      MemoryUsageCommitBytes: 1000,
      MemoryUsageCommitPeakBytes: 2000,
      MemoryUsagePrivateWorkingSetBytes: 500,
    },
    Storage: { ReadCountNormalized: 1, ReadSizeBytes: 2, WriteCountNormalized: 3, WriteSizeBytes: 4 },
  },
};

describe('readStatistics', () => {
  test('takes what HCS tells, and null for the rest', () => {
    expect(readStatistics(properties, now, 3).stats).toMatchObject({
      timestamp: now,
      memoryBytes: 1000,
      memoryPeakBytes: 2000,
      cpuTimeNs: 5e9,
      cpuPercent: 50,
      readOps: 1,
      readBytes: 2,
      writeOps: 3,
      writeBytes: 4,
      activeProcesses: 3,
      networkRxBytes: null,
      fileAccessesAllowed: null,
      fileAccessesDenied: null,
      oomKills: null,
      totalProcesses: null,
    });
  });

  test('two readings give the share between them; two processors are 200', () => {
    const first = readStatistics(properties, now, null);
    const later = {
      Statistics: { Uptime100ns: 110_000_000, Processor: { TotalRuntime100ns: 70_000_000 } },
    };
    expect(readStatistics(later, now, null, first).stats.cpuPercent).toBe(200);
    expect(readStatistics(properties, now, null, first).stats.cpuPercent).toBeNull();
  });

  test.for([
    {},
    { Statistics: null },
    { Statistics: [] },
    { Statistics: { Memory: 5, Processor: { TotalRuntime100ns: 'x' } } },
  ])('nothing sensible is not known: %j', (garbage) => {
    const { stats } = readStatistics(garbage as never, now, null);
    expect(stats.memoryBytes).toBeNull();
    expect(stats.cpuTimeNs).toBeNull();
    expect(stats.cpuPercent).toBeNull();
  });
});

test('readProcessList', () => {
  const list = readProcessList({
    ProcessList: [
      {
        ProcessId: 7,
        ImageName: 'cmd.exe',
        CreateTimestamp: '2026-01-01T00:00:00Z',
        MemoryCommitBytes: 9,
        UserTime100ns: 1,
        KernelTime100ns: 1,
      },
      { ImageName: 'no id' },
      5,
      { ProcessId: 8, CreateTimestamp: 'never' },
    ],
  });
  expect(list).toMatchObject([
    {
      pid: 7,
      name: 'cmd.exe',
      command: '[cmd.exe]',
      memoryBytes: 9,
      user: null,
      startedAt: new Date('2026-01-01T00:00:00Z'),
    },
    { pid: 8, startedAt: null, memoryBytes: null, cpuPercent: null },
  ]);
  expect(readProcessList({})).toEqual([]);
});
