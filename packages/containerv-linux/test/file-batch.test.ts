import { describe, expect, test } from 'vitest';
import { FileBatch } from '../src/file-batch.js';
import { failed, settleAs } from './support/fabricated-results.js';

function batchOf(): { batch: FileBatch; made: number; limit: number; locked: number } {
  const batch = new FileBatch();
  const made = batch.add({ op: 'mkdir', path: '/a', mode: 0o700 });
  const limit = batch.add({ op: 'write', path: '/b', text: '1', optional: true });
  const locked = batch.add({ op: 'lock', path: '/c', exclusive: true });
  return { batch, made, limit, locked };
}

describe('what came of a batch', () => {
  test('a hole is a step that is done and has nothing to say', () => {
    const { batch, made, limit } = batchOf();
    expect(batch.settle([undefined, undefined, undefined], 'test')).toBeUndefined();
    expect(batch.result(made)).toEqual({ done: true, text: '', fd: -1, syscall: '', errno: 0 });
    expect(batch.failure(limit, 'test')).toBeUndefined();
  });

  test('holes at the end may be missing altogether', () => {
    expect(batchOf().batch.settle([], 'test')).toBeUndefined();
  });

  test('an optional step that fails does not stop it, and is found by its handle', () => {
    const { batch, limit } = batchOf();
    expect(batch.settle([undefined, failed(22, 'write')], 'test')).toBeUndefined();
    expect(batch.failure(limit, 'set limit')).toEqual({
      step: 'set limit',
      syscall: 'write',
      errno: 22,
      path: '/b',
    });
  });

  test('a step that has to be done and is not is what stopped it', () => {
    const { batch } = batchOf();
    const results = [undefined, failed(22, 'write'), failed(11, 'flock')];
    expect(batch.settle(results, 'prepare')).toEqual({
      step: 'prepare',
      syscall: 'flock',
      errno: 11,
      path: '/c',
      op: 'lock',
    });
  });

  test('what was not reached is not done', () => {
    const { batch, locked } = batchOf();
    expect(batch.settle([failed(17, 'mkdir'), failed(0, ''), failed(0, '')], 'prepare')).toMatchObject({
      path: '/a',
    });
    expect(batch.result(locked).done).toBe(false);
  });

  test('a handle that is not one is a mistake of ours', () => {
    const { batch } = batchOf();
    settleAs(batch);
    expect(() => batch.result(3)).toThrow(RangeError);
    expect(() => batch.result(-1)).toThrow(RangeError);
  });
});
