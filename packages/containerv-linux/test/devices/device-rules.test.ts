import { resolveContainerOptions, type Device } from 'containerv-api';
import { expect, test } from 'vitest';
import { compareDeviceList, deviceLine } from '../../src/devices/device-list.js';
import { deviceRules, STANDARD_RULES } from '../../src/devices/device-rules.js';
import { thrownBy } from '../support/thrown.js';

const linesOf = (...devices: Device[]): string[] =>
  deviceRules(resolveContainerOptions({ devices }).devices).map((rule) => deviceLine(rule));
const standard = STANDARD_RULES.map((rule) => deviceLine(rule));

test('every container has the standard devices, may make none, and marks deletions', () => {
  expect(linesOf()).toEqual(standard);
  expect(standard).toEqual([
    ...[3, 5, 7, 8, 9].map((minor) => `c 1:${minor} rw`),
    'c 5:0 rw',
    'c 5:1 rw',
    'c 5:2 rw',
    'c 136:* rw',
    'c 0:0 m',
  ]);
});

test('what is asked for is added, with its access; a FIFO is no device', () => {
  expect(
    linesOf(
      { path: '/dev/a', type: 'c', major: 60, minor: 7, access: 'r' },
      { path: '/dev/b', type: 'b', major: 60, minor: 7, access: 'w' },
      { path: '/dev/c', type: 'u', major: 60, minor: 8 },
      { path: '/dev/d', type: 'p' },
    ).slice(standard.length),
  ).toEqual(['c 60:7 r', 'b 60:7 w', 'c 60:8 rw']);
});

test('another name of the same device gives nothing', () => {
  expect(
    linesOf(
      { path: '/dev/mine', type: 'c', major: 1, minor: 3 },
      { path: '/dev/terminal', type: 'c', major: 136, minor: 3 },
    ),
  ).toEqual(standard);
});

test.for<[string, Device[]]>([
  ['a standard one', [{ path: '/dev/x', type: 'c', major: 1, minor: 3, access: 'r' }]],
  ['a terminal', [{ path: '/dev/x', type: 'c', major: 136, minor: 0, access: 'r' }]],
  ['what marks deletions', [{ path: '/dev/x', type: 'c', major: 0, minor: 0 }]],
  [
    'another',
    [
      { path: '/dev/x', type: 'c', major: 60, minor: 7 },
      { path: '/dev/y', type: 'c', major: 60, minor: 7, access: 'w' },
    ],
  ],
])('less of a device than by the name of %s is refused, as it would not hold', ([, devices]) => {
  const error = thrownBy(() => linesOf(...devices));
  expect(error).toMatchObject({ code: 'ERR_CONTAINERV_INVALID_OPTION', step: 'check devices' });
});

test('what the kernel lists is compared with what was wanted, both ways', () => {
  const rules = deviceRules([]);
  expect(compareDeviceList(rules, `${standard.join('\n')}\n`)).toEqual({ extra: [], missing: [] });
  expect(compareDeviceList(rules, 'a *:* rwm\n')).toEqual({ extra: ['a *:* rwm'], missing: standard });
  const wider = standard.map((line) => (line === 'c 1:3 rw' ? 'c 1:3 rwm' : line)).join('\n');
  expect(compareDeviceList(rules, wider)).toEqual({ extra: ['c 1:3 rwm'], missing: ['c 1:3 rw'] });
});
