import { createContainer, listContainers } from 'containerv-linux';
import { expect, test } from 'vitest';
import { small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { keptIds, remainsOf } from '../support/remains.js';
import { sharedRoot } from '../support/root.js';
import { full, idFor } from '../support/suite.js';

test('a signal that has fired makes no container', async () => {
  const reason = new Error('too late');
  const error = await failure(small({ signal: AbortSignal.abort(reason) }), {
    code: 'ERR_CONTAINERV_ABORTED',
  });
  expect(error.cause).toBe(reason);
  expect(keptIds()).toEqual([]);
});

test('a signal that fires at any moment of creation leaves nothing, or a container that works', async () => {
  let aborted = 0;
  const rounds = full ? 400 : 120;
  for (let round = 0; round < rounds; round++) {
    const controller = new AbortController();
    const creation = small({ id: idFor(`aborted-${round}`), signal: controller.signal });
    // Spread over the few milliseconds that it takes.
    const until = performance.now() + (round / rounds) * 8;
    while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(round);
    const outcome = await creation.then(
      (container) => ({ container }),
      (error: unknown) => ({ error }),
    );
    if ('container' in outcome) {
      // Made in time: the signal is for creation and has nothing to say any more.
      expect((await outcome.container.run('echo', ['works'])).stdout).toBe('works\n');
      await outcome.container.destroy();
      continue;
    }
    aborted++;
    expect(outcome.error).toMatchObject({ code: 'ERR_CONTAINERV_ABORTED', cause: round });
    expect([...keptIds(), ...remainsOf(idFor(`aborted-${round}`))]).toEqual([]);
  }
  expect(aborted).toBeGreaterThan(rounds / 20);
  expect(await listContainers()).toEqual([]);
});

test('the id of an aborted creation can be used at once', async () => {
  for (let round = 0; round < 10; round++) {
    const controller = new AbortController();
    const creation = small({ id: idFor('same-id'), signal: controller.signal });
    setImmediate(() => controller.abort());
    await creation.then(
      async (container) => container.destroy(),
      () => {},
    );
    await using again = await createContainer({ id: idFor('same-id'), rootfs: sharedRoot() });
    expect(again.state).toBe('running');
  }
});
