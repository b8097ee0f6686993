import { describe, expect, test } from 'vitest';
import { DeviceController } from '../../src/devices/device-controller.js';
import { deviceLine } from '../../src/devices/device-list.js';
import { type DeviceRule, STANDARD_RULES } from '../../src/devices/device-rules.js';
import { FileBatch } from '../../src/file-batch.js';
import { failed, settleAs } from '../support/fabricated-results.js';
import { thrownBy } from '../support/thrown.js';

const ASKED: DeviceRule = { type: 'char', major: 60, minor: 7, access: 'r' };
const RULES = [...STANDARD_RULES, ASKED];
const LIST = RULES.map((rule) => deviceLine(rule));
const EPERM = 1;
const EINVAL = 22;

function judged(list: readonly string[], denied?: number): () => boolean {
  const controller = new DeviceController('/cg/devices/box', RULES);
  const batch = new FileBatch();
  controller.addTo(batch);
  settleAs(batch, (step) => {
    if (step.op === 'read') return { text: list.map((line) => `${line}\n`).join('') };
    return denied !== undefined && step.path.endsWith('devices.deny') ? failed(denied, 'write') : undefined;
  });
  return () => controller.holds(batch);
}

test('everything is taken before anything is given', () => {
  const batch = new FileBatch();
  new DeviceController('/cg/devices/box', RULES).addTo(batch);
  const steps = batch.steps.map((step) => [step.op, step.path, 'text' in step ? step.text : '']);
  expect(steps[0]).toEqual(['write', '/cg/devices/box/devices.deny', 'a']);
  expect(steps.slice(1, -1)).toEqual(LIST.map((line) => ['write', '/cg/devices/box/devices.allow', line]));
  expect(steps.at(-1)).toEqual(['read', '/cg/devices/box/devices.list', '']);
});

describe('it holds when the kernel lists', () => {
  test('what was written, in any order', () => {
    expect(judged(LIST.toReversed())()).toBe(true);
  });

  test('fewer of the standard devices', () => {
    expect(judged(LIST.slice(3))()).toBe(true);
  });
});

test('a user who may set none has none', () => {
  expect(judged(['a *:* rwm'], EPERM)()).toBe(false);
});

test.for<[string, readonly string[], number | undefined]>([
  ['everything', ['a *:* rwm'], undefined],
  ['one more', [...LIST, 'b 8:0 rw'], undefined],
  ['without what was asked for', LIST.slice(0, -1), undefined],
  ['the same, though the kernel refused to take it away', LIST, EINVAL],
])('%s is refused', ([, list, denied]) => {
  const error = thrownBy(judged(list, denied));
  expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'set device filter' });
});
