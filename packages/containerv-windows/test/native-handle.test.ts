import { describe, expect, test } from 'vitest';
import type { CallObserver, NativeFunction } from '../src/native/library.js';
import { NativeHandle } from '../src/native/native-handle.js';

/** A call that returns when it is told to. */
function pendingCall(): NativeFunction & { finish(): void } {
  let end = (): void => {};
  return {
    name: 'HcsSomething',
    call: async (_deadlineMs, _args, observer: CallObserver = {}) =>
      new Promise((resolve) => {
        end = () => {
          resolve(0);
          observer.done?.();
        };
      }),
    finish: () => end(),
  };
}

describe('NativeHandle', () => {
  test('is closed once, after the calls that use it', async () => {
    const closed: bigint[] = [];
    const handle = new NativeHandle(7n, async (value) => closed.push(value));
    const native = pendingCall();
    const calling = handle.call(native, 1000, []);
    await handle.close();
    await handle.close();
    expect(closed).toEqual([]);
    native.finish();
    await calling;
    await handle.close();
    expect(closed).toEqual([7n]);
  });

  test('waits for what holds it beyond a call', async () => {
    const closed: bigint[] = [];
    const handle = new NativeHandle(7n, async (value) => closed.push(value));
    let release = (): void => {};
    handle.holdUntil(
      new Promise<void>((resolve) => {
        release = resolve;
      }),
    );
    await handle.close();
    expect(closed).toEqual([]);
    release();
    await new Promise(setImmediate);
    expect(closed).toEqual([7n]);
  });

  test('is closed once, also when something holds it after that', async () => {
    const closed: bigint[] = [];
    const handle = new NativeHandle(7n, async (value) => closed.push(value));
    await handle.close();
    handle.holdUntil(Promise.resolve());
    await new Promise(setImmediate);
    expect(closed).toEqual([7n]);
  });

  test('takes no call once it is closed', async () => {
    const handle = new NativeHandle(7n, async () => {});
    await handle.close();
    await expect(handle.call(pendingCall(), 1000, [])).rejects.toMatchObject({
      code: 'ERR_CONTAINERV_STATE',
    });
  });

  test('a failure to close is no failure of the caller', async () => {
    const handle = new NativeHandle(7n, async () => {
      throw new Error('gone');
    });
    await handle.close();
    expect(handle.closed).toBe(true);
  });
});
