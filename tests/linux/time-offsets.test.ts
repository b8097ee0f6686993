import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createContainer, joinContainer } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { json, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { program } from '../support/suite.js';

interface Clocks {
  readonly monotonic: number;
  readonly boottime: number;
}

const DAY_SECONDS = 86_400;
const has = existsSync('/proc/self/timens_offsets');
const reason = has ? '' : ' (skipped: needs a kernel with CONFIG_TIME_NS)';

function outside(): Clocks {
  return JSON.parse(execFileSync(program('box'), ['clocks'], { encoding: 'utf8' })) as Clocks;
}

/** What is read later is not earlier, by whatever the machine took. */
function expectAhead(inside: Clocks, before: Clocks, after: Clocks, ahead: Clocks): void {
  for (const clock of ['monotonic', 'boottime'] as const) {
    expect(inside[clock]).toBeGreaterThanOrEqual(before[clock] + ahead[clock]);
    expect(inside[clock]).toBeLessThanOrEqual(after[clock] + ahead[clock]);
  }
}

describe.skipIf(!has)(`clocks${reason}`, () => {
  test.for([
    [{ monotonicSeconds: DAY_SECONDS, boottimeSeconds: 7 * DAY_SECONDS }, DAY_SECONDS, 7 * DAY_SECONDS],
    [{ boottimeSeconds: 100_000 }, 0, 100_000],
    [{}, 0, 0],
  ] as const)('%j', async ([timeOffsets, monotonic, boottime]) => {
    await using container = await small({ timeOffsets });
    expect(container.enforced.namespaces).toContain('time');
    const before = outside();
    const inside = await json<Clocks>(container, 'clocks');
    expectAhead(inside, before, outside(), { monotonic, boottime });
    await using joined = await joinContainer(container.id);
    const joinedBefore = outside();
    const seen = await json<Clocks>(joined, 'clocks');
    expectAhead(seen, joinedBefore, outside(), { monotonic, boottime });
  });

  test('behind the host, as far as the host has been up', async () => {
    const behind = Math.min(10, outside().monotonic - 1);
    await using container = await small({
      timeOffsets: { monotonicSeconds: -behind, boottimeSeconds: -behind },
    });
    const before = outside();
    const inside = await json<Clocks>(container, 'clocks');
    expectAhead(inside, before, outside(), { monotonic: -behind, boottime: -behind });
  });

  test('before the start of the clock is refused, and nothing is left', async () => {
    const timeOffsets = { monotonicSeconds: -outside().monotonic - 1_000_000 };
    await failure(small({ timeOffsets }), {
      code: 'ERR_CONTAINERV_INVALID_OPTION',
      step: 'enter time namespace',
      errno: 'ERANGE',
      message: /`timeOffsets`/,
    });
  });

  test('without a time namespace it is an error', async () => {
    await failure(createContainer({ timeOffsets: {}, namespaces: { time: false } }), {
      code: 'ERR_CONTAINERV_INVALID_OPTION',
      message: /`timeOffsets` needs a time namespace/,
    });
  });
});
