import { describe, expect, test } from 'vitest';
import { bytesOf } from '../support/collect.js';
import { small } from '../support/container.js';
import { openDescriptors, settledDescriptors } from '../support/descriptors.js';
import { familyOf, initPid } from '../support/host.js';
import { digest, pouredBytes } from '../support/stream.js';
import { full } from '../support/suite.js';

const IN_A_ROW = full ? 20_000 : 2000;
const AT_ONCE = 200;
const BYTES = 10_000;

describe('no byte and no status is lost', () => {
  test(`of ${IN_A_ROW} short processes in a row`, async () => {
    await using container = await small();
    const descriptors = await settledDescriptors();
    for (let turn = 0; turn < IN_A_ROW; turn++) {
      const text = `turn ${turn} ${'x'.repeat(turn % 300)}`;
      const status = turn % 200;
      const result = await container.run('say', [text, '1', `${status}`, '2'], { reject: false });
      expect(result.stdout).toBe(text);
      expect(result.stderr).toBe(`${status}`);
    }
    expect(openDescriptors()).toEqual(descriptors);
    const init = await initPid(container);
    expect(familyOf(init)).toEqual([init]);
  });

  test(`of ${AT_ONCE} at once, each with output and a status of its own`, async () => {
    await using container = await small({ limits: { pids: 'max' } });
    const descriptors = await settledDescriptors();
    for (let round = 0; round < (full ? 20 : 2); round++) {
      const results = await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, index) => {
          const [output, status] = await Promise.all([
            container.run('pour', [`${BYTES}`, `${index}`], { encoding: 'buffer' }),
            container.run('exit', [`${index}`], { reject: false }),
          ]);
          return [digest(output.stdout), status.exitCode];
        }),
      );
      expect(results).toEqual(
        Array.from({ length: AT_ONCE }, (_, index) => [digest(pouredBytes(BYTES, index)), index]),
      );
    }
    expect(openDescriptors()).toEqual(descriptors);
  });

  test(`of ${AT_ONCE} that live at the same time, with streams both ways`, async () => {
    await using container = await small({ limits: { pids: 'max' } });
    const children = await Promise.all(Array.from({ length: AT_ONCE }, async () => container.spawn('cat')));
    expect(new Set(children.map(({ pid }) => pid)).size).toBe(AT_ONCE);
    const outputs = children.map(async ({ stdout }) => digest(await bytesOf(stdout)));
    for (const [index, { stdin }] of children.entries()) stdin?.end(pouredBytes(BYTES * 10, index));
    const wanted = children.map((_, index) => digest(pouredBytes(BYTES * 10, index)));
    expect(await Promise.all(outputs)).toEqual(wanted);
    const statuses = await Promise.all(children.map(async (child) => child.wait()));
    expect(new Set(statuses.map(({ exitCode, cause }) => `${exitCode} ${cause}`))).toEqual(
      new Set(['0 exit']),
    );
  });
});
