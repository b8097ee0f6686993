import { describe, expect, test } from 'vitest';
import {
  insideId,
  parsePasswd,
  parseProcess,
  type ProcessFigures,
} from '../../src/processes/parse-process.js';

const REST = 'S 7 1 1 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 1 0 12345 999 42 18446744073709551615';

function parse({
  name = 'sh',
  pid = 90,
  cmdline = 'sh\0-c\0true\0',
  pids = '90 5',
}): ProcessFigures | undefined {
  return parseProcess({
    pid,
    stat: Buffer.from(`${pid} (${name}) ${REST}\n`),
    status: Buffer.from(
      `Name:\t${name.replaceAll('\n', '\\n')}\nUid:\t0\t1000\t0\t0\nNSpid:\t${pids.replaceAll(' ', '\t')}\n`,
    ),
    cmdline: Buffer.from(cmdline),
  });
}

test('one process', () => {
  expect(parse({})).toEqual({
    hostPid: 90,
    hostParent: 7,
    pids: [90, 5],
    name: 'sh',
    arguments: ['sh', '-c', 'true'],
    uid: 1000,
    cpuTicks: 200,
    startTicks: 12345,
    residentPages: 42,
  });
});

describe('hostile names', () => {
  test.for([') R 1 (', 'a b c', '(', ')', '90 (x) S 1', '\u001B[2J', 'Uid:\t0\t0', '\n'])('%j', (name) => {
    expect(parse({ name })).toMatchObject({ name, hostParent: 7, uid: 1000, startTicks: 12345 });
  });

  test('a name cannot pass for another line', () => {
    expect(parse({ name: 'x\nNSpid:\t1' })).toMatchObject({ pids: [90, 5] });
  });

  test('bytes that are no text', () => {
    const raw = {
      pid: 90,
      status: Buffer.from('Uid:\t0\t0\t0\t0\nNSpid:\t90\n'),
      cmdline: Buffer.from([0xff, 0]),
    };
    const stat = Buffer.concat([Buffer.from('90 ('), Buffer.from([0xfe]), Buffer.from(`) ${REST}\n`)]);
    expect(parseProcess({ ...raw, stat })).toMatchObject({ name: '\uFFFD', arguments: ['\uFFFD'] });
  });
});

test('empty arguments are arguments, a process without any has none', () => {
  expect(parse({ cmdline: 'sh\0\0x\0' })?.arguments).toEqual(['sh', '', 'x']);
  expect(parse({ cmdline: '' })?.arguments).toEqual([]);
  expect(parse({ cmdline: 'cut off' })?.arguments).toEqual(['cut off']);
});

test('what procfs does not write is nobody', () => {
  expect(parse({ pids: '91 5' })).toBeUndefined();
  expect(parse({ pids: 'x' })).toBeUndefined();
  expect(
    parseProcess({ pid: 1, stat: Buffer.from('1'), status: Buffer.from(''), cmdline: Buffer.alloc(0) }),
  ).toBeUndefined();
});

test('ids through a map', () => {
  const map = '         0       1000          1\n         1     100000      65536\n';
  expect(insideId(map, 1000)).toBe(0);
  expect(insideId(map, 100_000)).toBe(1);
  expect(insideId(map, 165_535)).toBe(65_536);
  expect(insideId(map, 165_536)).toBeUndefined();
  expect(insideId('', 0)).toBeUndefined();
});

test('names of users: the first of an id, and nothing from lines that are none', () => {
  const text =
    'root:x:0:0::/:\ntoor:x:0:0::/:\n\n:x:5:5::/:\nnobody\nnumber:x:-1:0::/:\nhex:x:0x7:0::/:\nu:x:7:7::/:';
  expect([...parsePasswd(text)]).toEqual([
    [0, 'root'],
    [7, 'u'],
  ]);
});
