import type { Container } from 'containerv-linux';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processes, small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { implementations, inside, serveExec, startServeExec } from '../support/serve-exec.js';
import { full, program } from '../support/suite.js';

let container: Container;
beforeAll(async () => {
  container = await small({ limits: { pids: 'max' } });
});
afterAll(async () => {
  await container.destroy();
});

describe.each(implementations)('serve-exec ($name)', (implementation) => {
  const [own, ...rest] = implementation.command;

  // Both hand the same descriptors over; the one that is on everybody's path proves it with all of them.
  const bytes = full || implementation.name === 'native' ? 1024 ** 3 : 64 * 1024 ** 2;
  test(`${bytes / 1024 ** 2} MiB pass two commands of the container unchanged`, { timeout: 180_000 }, () => {
    const script = (text: string, args: readonly string[]) =>
      serveExec({ name: implementation.name, command: ['/bin/sh', '-c', text, ...args] }, []).stdout;
    const expected = script('"$0" pour "$1" 7 | sha256sum', [program('box'), `${bytes}`]);
    const got = script('b=$1; shift; "$0" "$@" --path pour $b 7 | "$0" "$@" --path cat | sha256sum', [
      own,
      `${bytes}`,
      ...rest,
      '--container',
      container.id,
    ]);
    expect(got).toMatch(/^[0-9a-f]{64} /);
    expect(got).toBe(expected);
  });

  // A Node process takes 40 MiB and a tenth of a second of a processor.
  const count = implementation.name === 'node' ? (full ? 60 : 10) : 500;
  test(`${count} at once each have their own output and status`, { timeout: 180_000 }, async () => {
    const ended = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const fails = index % 2 === 0;
        const args = fails
          ? inside(container, 'exit', [`${index % 256}`])
          : inside(container, 'echo', [`${index}`]);
        return startServeExec(implementation, args).ended;
      }),
    );
    expect(ended).toEqual(
      ended.map((_, index) => ({
        status: index % 2 === 0 ? index % 256 : 0,
        signal: null,
        stdout: index % 2 === 0 ? '' : `${index}\n`,
        stderr: '',
      })),
    );
    await eventually(async () => expect(await processes(container)).toHaveLength(2));
  });
});
