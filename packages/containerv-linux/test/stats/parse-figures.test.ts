import { describe, expect, test } from 'vitest';
import {
  NO_NETWORK_FIGURES,
  parseBlkio,
  parseCpuStat,
  parseIoStat,
  parseNetDev,
  parseNumber,
  parsePressure,
} from '../../src/stats/parse-figures.js';

test.for([
  ['4096\n', 4096],
  ['0\n', 0],
  ['max\n', null],
  ['', null],
  ['-1\n', null],
  ['12 13\n', null],
] as const)('the number in %j is %j', ([text, number]) => {
  expect(parseNumber(text)).toBe(number);
});

test('processor time of v2 is in microseconds', () => {
  expect(parseCpuStat('usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n')).toBe(1_500_000);
  expect(parseCpuStat('')).toBeNull();
});

describe('block devices', () => {
  test('v2: the sum of all', () => {
    const text =
      '8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=5 dios=6\n8:16 rbytes=1 wbytes=2 rios=3 wios=4\n';
    expect(parseIoStat(text)).toEqual({ bytes: { read: 11, write: 22 }, ops: { read: 4, write: 6 } });
  });

  test('v2: an empty file says that nothing was done', () => {
    expect(parseIoStat('')).toEqual({ bytes: { read: 0, write: 0 }, ops: { read: 0, write: 0 } });
  });

  test('v1: the sum of all', () => {
    const text = '8:0 Read 10\n8:0 Write 20\n8:0 Total 30\n8:16 Read 1\n8:16 Write 2\nTotal 33\n';
    expect(parseBlkio(text)).toEqual({ read: 11, write: 22 });
    expect(parseBlkio('Total 0\n')).toEqual({ read: 0, write: 0 });
  });

  test('v1: a file that could not be read says nothing', () => {
    expect(parseBlkio('')).toEqual({ read: null, write: null });
  });
});

describe('pressure', () => {
  const some = 'some avg10=1.50 avg60=0.25 avg300=0.00 total=12345\n';

  test('some and full', () => {
    expect(parsePressure(`${some}full avg10=0.50 avg60=0.00 avg300=0.00 total=77\n`)).toEqual({
      some: { avg10: 1.5, avg60: 0.25, avg300: 0, totalUs: 12345 },
      full: { avg10: 0.5, avg60: 0, avg300: 0, totalUs: 77 },
    });
  });

  test('processors have no full before Linux 5.13', () => {
    expect(parsePressure(some)?.full).toBeNull();
  });

  test('none without PSI', () => {
    expect(parsePressure('')).toBeNull();
  });
});

describe('network', () => {
  const titles =
    'Inter-|   Receive                                                |  Transmit\n' +
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';

  test('the sum of all interfaces but loopback', () => {
    const text =
      `${titles}    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n` +
      '  eth0: 100 1 0 0 0 0 0 0 200 2 0 0 0 0 0 0\n' +
      'eth1:1000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0\n';
    expect(parseNetDev(text)).toEqual({
      networkRxBytes: 1100,
      networkRxPackets: 11,
      networkTxBytes: 2200,
      networkTxPackets: 22,
    });
  });

  test('loopback alone is no traffic', () => {
    expect(parseNetDev(`${titles}    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n`).networkRxBytes).toBe(0);
  });

  test('a file that could not be read says nothing', () => {
    expect(parseNetDev('')).toEqual(NO_NETWORK_FIGURES);
  });
});
