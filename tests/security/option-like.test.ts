import { spawnSync } from 'node:child_process';
import { linkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { json, small } from '../support/container.js';
import { pruneAll } from '../support/remains.js';
import { makeRoot } from '../support/root.js';
import { implementations, inside, serveExec } from '../support/serve-exec.js';
import { idFor, program } from '../support/suite.js';

const cli = path.join(path.dirname(fileURLToPath(import.meta.resolve('containerv'))), 'cli.js');
/** What would be an option, had it come first. */
const ARGUMENTS = [
  '--bind',
  '/',
  '/host',
  '--',
  '--rootfs',
  '/',
  '--network=host',
  '--privileged',
  '-v',
  '/:/host',
  '--container',
  'other',
  '--path',
  '/bin/true',
  '--wdir=/',
  '-',
  '--detach',
  '--id',
];

afterAll(pruneAll);

function given(stdout: string): unknown {
  return (JSON.parse(stdout) as unknown[]).slice(1);
}

describe('CVE-2024-32462: what looks like an option is an argument', () => {
  test('of run() and of spawn(), also as the command itself', async () => {
    const rootfs = makeRoot('options');
    linkSync(program('box'), path.join(rootfs, 'bin/--bind'));
    await using container = await small({ rootfs });
    expect((await json<string[]>(container, 'arguments', ARGUMENTS)).slice(1)).toEqual(ARGUMENTS);
    // The program by that name runs, and says that it has no such applet.
    const { exitCode, stderr } = await container.run('--bind', ['arguments'], { reject: false });
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  test('behind the command of `containerv run` and `containerv exec`', () => {
    const root = ['--rootfs', makeRoot('line')];
    const line = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' });
    expect(given(line('run', ...root, 'arguments', ...ARGUMENTS).stdout)).toEqual(ARGUMENTS);
    expect(given(line('run', ...root, '--', 'arguments', ...ARGUMENTS).stdout)).toEqual(ARGUMENTS);
    const id = idFor('options');
    expect(line('run', ...root, '--detach', '--id', id, 'sleep').status).toBe(0);
    expect(given(line('exec', id, 'arguments', ...ARGUMENTS).stdout)).toEqual(ARGUMENTS);
    // In the place of an id, an option of another command is none of this one, and no container either.
    expect(line('exec', '--bind', 'true').status).toBe(125);
    expect(line('rm', '-f', id).status).toBe(0);
  });

  test.for(implementations)('behind `--` of serve-exec ($name)', async (implementation) => {
    await using container = await small();
    const { stdout } = serveExec(implementation, inside(container, '/bin/arguments', ARGUMENTS));
    expect(given(stdout)).toEqual(ARGUMENTS);
  });
});
