import { readFileSync } from 'node:fs';
import { type Container, joinContainer } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { json, small } from '../support/container.js';
import { failure } from '../support/failure.js';

const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
const ours = list.split(',').flatMap((part) => {
  const [from = 0, to = from] = part.split('-').map(Number);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
});
const [first] = ours;
const last = ours.at(-1);
const several = ours.length > 1;
const reason = several ? '' : ' (skipped: needs two processors)';

async function allowed(container: Container, options = {}): Promise<readonly number[]> {
  return json(container, 'processors', [], options);
}

describe.skipIf(!several)(`processors${reason}`, () => {
  test('of the container, for each of its processes, and of whoever joins', async () => {
    await using container = await small({ cpuAffinity: String(last) });
    expect(await allowed(container)).toEqual([last]);
    await using joined = await joinContainer(container.id);
    expect(await allowed(joined)).toEqual([last]);
  });

  test('of one process', async () => {
    await using container = await small({ cpuAffinity: String(last) });
    expect(await allowed(container, { cpuAffinity: String(first) })).toEqual([first]);
    expect(await allowed(container, { cpuAffinity: `${first},${last}` })).toEqual([first, last]);
    expect(await allowed(container)).toEqual([last]);
  });

  test('left alone are the caller’s', async () => {
    await using container = await small();
    expect(await allowed(container)).toEqual(ours);
  });
});

test('processors that are not there are refused, also beside some that are', async () => {
  await using container = await small();
  const absent = Math.max(...ours) + 1000;
  for (const cpuAffinity of [String(absent), `${first},${absent}`]) {
    await failure(container.run('true', [], { cpuAffinity }), {
      code: 'ERR_CONTAINERV_INVALID_OPTION',
      step: 'set processors',
      syscall: 'sched_setaffinity',
      errno: 'EINVAL',
      message: new RegExp(`${absent}`),
    });
  }
  expect(await allowed(container)).toEqual(ours);
});
