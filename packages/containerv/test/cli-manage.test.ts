import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { Cli } from './cli.js';

function twoContainers(): Cli {
  const cli = new Cli();
  cli.put('one', 'running');
  cli.put('two', 'stopped');
  return cli;
}

test('ps prints a table', async () => {
  const { status, stdout } = await twoContainers().run(['ps']);
  expect(status).toBe(0);
  expect(stdout).toBe(
    'ID   STATE    INIT  CREATED                   ROOT  POLICY\n' +
      'one  running  4711  2026-01-02T03:04:05.000Z  host  build\n' +
      'two  stopped  -     2026-01-02T03:04:05.000Z  host  build\n',
  );
});

test('ps --json prints an array, ps -q ids', async () => {
  const cli = twoContainers();
  expect(JSON.parse((await cli.run(['ps', '--json'])).stdout)).toMatchObject([
    { id: 'one', state: 'running', initPid: 4711, createdAt: '2026-01-02T03:04:05.000Z' },
    { id: 'two', state: 'stopped', initPid: null },
  ]);
  expect((await cli.run(['ps', '-q'])).stdout).toBe('one\ntwo\n');
  expect(JSON.parse((await new Cli().run(['ps', '--json'])).stdout)).toEqual([]);
});

test('a reader that goes away does not stop the work', async () => {
  const cli = twoContainers();
  const child = cli.start(['rm', '-f', 'one', 'two']);
  child.stdout?.destroy();
  const said = child.stderr === null ? '' : text(child.stderr);
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(await said).toBe('');
  expect(existsSync(join(cli.home, 'two.json'))).toBe(false);
});

test('inspect shows what is enforced in a running container', async () => {
  const cli = twoContainers();
  const { stdout } = await cli.run(['inspect', '--json', 'one']);
  expect(JSON.parse(stdout)).toMatchObject({ id: 'one', enforced: { seccomp: true, landlock: false } });
  const shown = (await cli.run(['inspect', 'one'])).stdout;
  expect(shown).toMatch(/^id +one$/m);
  expect(shown).toMatch(/^ {2}seccomp +true$/m);
  expect(shown).toMatch(/^ {2}namespaces +pid net$/m);
  expect(shown).toMatch(/^ {4}memory +true$/m);
});

test('inspect says that nothing is enforced where nothing runs', async () => {
  const { stdout } = await twoContainers().run(['inspect', '--json', 'two']);
  expect(JSON.parse(stdout)).toMatchObject({ id: 'two', enforced: null });
});

test('diff prints a letter and a path a line, or JSON', async () => {
  const cli = twoContainers();
  const { status, stdout } = await cli.run(['diff', 'one']);
  expect(status).toBe(0);
  expect(stdout).toBe('M /etc/hosts\nA /srv/a b\nD /usr/bin/who\n');
  const lines = (await cli.run(['diff', '--json', 'two'])).stdout.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual({
    path: '/srv/a b',
    kind: 'added',
  });
});

test('snapshot says where the layer is', async () => {
  const cli = twoContainers();
  expect(await cli.run(['snapshot', 'one', 'layer'])).toMatchObject({ status: 0, stdout: '/whole/layer\n' });
  expect(cli.details('snapshot')).toEqual({ target: 'layer' });
  expect((await cli.run(['snapshot', 'one'])).status).toBe(125);
});

test('update hands on the limits that are given, and no others', async () => {
  const cli = twoContainers();
  const { status, stdout } = await cli.run(['update', '--memory', '2G', '--pids', 'max', 'one']);
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  expect(cli.details('update')).toEqual({ memory: 2 * 1024 ** 3, pids: 'max' });
  const { status: refused, stderr } = await cli.run(['update', 'one']);
  expect(refused).toBe(125);
  expect(stderr).toContain('needs a limit to change');
});

test('stop hands the grace period on', async () => {
  const cli = twoContainers();
  const { status, stdout } = await cli.run(['stop', '--timeout', '500ms', 'one']);
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'one\n' });
  expect(cli.details('stop')).toEqual({ timeout: 500 });
  const other = twoContainers();
  await other.run(['stop', 'one']);
  expect(other.details('stop')).toEqual({ timeout: 10_000 });
});

test('rm removes containers that are stopped', async () => {
  const cli = twoContainers();
  expect(await cli.run(['rm', 'two'])).toMatchObject({ status: 0, stdout: 'two\n' });
  expect(existsSync(join(cli.home, 'two.json'))).toBe(false);
});

test('rm refuses containers that run, unless forced', async () => {
  const cli = twoContainers();
  const refused = await cli.run(['rm', 'one']);
  expect(refused).toMatchObject({ status: 125, stdout: '' });
  expect(refused.stderr).toContain('Container one is running');
  expect(refused.stderr).toContain('hint: Stop it first (containerv stop one)');
  expect(existsSync(join(cli.home, 'one.json'))).toBe(true);
  expect(await cli.run(['rm', '-f', 'one', 'two'])).toMatchObject({ status: 0, stdout: 'one\ntwo\n' });
});

test('rm -f does not mind a container that is not there, rm does', async () => {
  const cli = twoContainers();
  expect(await cli.run(['rm', '-f', 'nobody', 'two'])).toMatchObject({ status: 0, stdout: 'two\n' });
  const { status, stderr } = await cli.run(['rm', 'onee']);
  expect(status).toBe(125);
  expect(stderr).toContain('There is no container onee. Did you mean one?');
});

test('prune says what it removed', async () => {
  const FAKE_PRUNE = JSON.stringify({
    removed: [{ id: 'old', released: ['cgroup /x', 'directory /y'] }],
    failed: [],
  });
  const cli = new Cli();
  expect(await cli.run(['prune'], { FAKE_PRUNE })).toMatchObject({
    status: 0,
    stdout: 'old\n  cgroup /x\n  directory /y\n',
    stderr: '',
  });
  expect(JSON.parse((await cli.run(['prune', '--json'], { FAKE_PRUNE })).stdout)).toEqual(
    JSON.parse(FAKE_PRUNE),
  );
});

test('prune gives 1 when something is left', async () => {
  const FAKE_PRUNE = JSON.stringify({ removed: [], failed: [{ id: 'old', message: 'busy' }] });
  const cli = new Cli();
  expect(await cli.run(['prune'], { FAKE_PRUNE })).toMatchObject({
    status: 1,
    stderr: 'containerv: old: busy\n',
  });
  expect(await cli.run(['prune', '--json'], { FAKE_PRUNE })).toMatchObject({ status: 1 });
});

const checks = [
  { name: 'namespaces', status: 'ok', detail: 'all', fix: 'never shown' },
  { name: 'cgroups', status: 'degraded', detail: 'no io', fix: 'mount it' },
];

test('doctor shows every check, and what mends it', async () => {
  const FAKE_HOST = JSON.stringify({ usable: true, checks });
  const cli = new Cli();
  expect(await cli.run(['doctor'], { FAKE_HOST })).toMatchObject({
    status: 0,
    stdout:
      'ok        namespaces: all\n' +
      'degraded  cgroups: no io\n' +
      '          fix: mount it\n' +
      '\n' +
      'Containers work on this host.\n',
  });
  expect(JSON.parse((await cli.run(['doctor', '--json'], { FAKE_HOST })).stdout)).toEqual(
    JSON.parse(FAKE_HOST),
  );
});

test('doctor gives 1 where containers do not work', async () => {
  const FAKE_HOST = JSON.stringify({
    usable: false,
    checks: [{ name: 'x', status: 'missing', detail: 'none' }],
  });
  const { status, stdout } = await new Cli().run(['doctor'], { FAKE_HOST });
  expect(status).toBe(1);
  expect(stdout).toContain('missing   x: none\n');
  expect(stdout).toContain('do not work on this host');
});

test('a doctor that fails itself gives 125', async () => {
  expect(await new Cli().run(['doctor'], { FAKE_HOST: 'not JSON' })).toMatchObject({
    status: 125,
    stdout: '',
  });
});

test('a missing driver is a finding of the doctor', async () => {
  const { status, stdout, stderr } = await new Cli().run(['doctor', '--json'], {
    CONTAINERV_DRIVER: './none.mjs',
  });
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    usable: false,
    checks: [{ name: 'driver', status: 'missing' }],
  });
});
