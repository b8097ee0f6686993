import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Poll } from '../src/native/poll.js';

test('a poll looks until it finds', async () => {
  let looks = 0;
  await new Promise<void>((found) => {
    const poll = new Poll(
      async () => {
        looks++;
        if (looks === 1) throw new Error('not now');
        return looks === 3;
      },
      1,
      found,
    );
    expect(poll).toBeDefined();
  });
  await sleep(20);
  expect(looks).toBe(3);
});

test('a poll that is stopped waits for its look, and does not find', async () => {
  let end = (_found: boolean): void => {};
  let began = (): void => {};
  const looking = new Promise<void>((resolve) => {
    began = resolve;
  });
  const events: string[] = [];
  const poll = new Poll(
    async () => {
      began();
      return new Promise<boolean>((resolve) => {
        end = resolve;
      });
    },
    1,
    () => events.push('found'),
  );
  await looking;
  const stopped = poll.stop().then(() => events.push('stopped'));
  await sleep(20);
  expect(events).toEqual([]);
  end(true);
  await stopped;
  expect(events).toEqual(['stopped']);
});

test('a poll that is stopped before its first look never looks', async () => {
  let looks = 0;
  const poll = new Poll(
    async () => {
      looks++;
      return false;
    },
    5,
    () => {},
  );
  await poll.stop();
  await sleep(30);
  expect(looks).toBe(0);
});
