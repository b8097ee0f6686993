import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Cli, outcome } from './cli.js';

const node = process.execPath;

test('the command runs in a container that is removed afterwards', async () => {
  const cli = new Cli();
  const { status, stdout, stderr } = await cli.run(['run', 'sh', '-c', 'echo out; echo err >&2']);
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'out\n' });
  // In whichever order: they come from two processes.
  expect(stderr.split('\n').sort()).toEqual(['', 'containerv: warning: no pids limit', 'err']);
  expect(cli.calls().map(([name]) => name)).toEqual(['create', 'spawn', 'destroy']);
});

test.for([0, 1, 42, 125, 255])('exit code %i is handed on', async (code) => {
  const { status } = await new Cli().run(['run', 'sh', '-c', `exit ${code}`]);
  expect(status).toBe(code);
});

test.for([
  ['TERM', 143],
  ['KILL', 137],
  ['SEGV', 139],
] as const)('a command that dies of SIG%s gives %i', async ([signal, status]) => {
  expect(await new Cli().run(['run', 'sh', '-c', `kill -${signal} $$`])).toMatchObject({ status });
});

test('a command that is not there gives 127, and the container is removed', async () => {
  const cli = new Cli();
  const { status, stderr } = await cli.run(['run', '-q', '/no/such/command']);
  expect(status).toBe(127);
  expect(stderr).toBe(
    'containerv: start process: Cannot execute /no/such/command (ENOENT, no such file or directory)\n' +
      'hint: Look for it in PATH.\n',
  );
  expect(cli.calls().at(-1)?.[0]).toBe('destroy');
});

test.for(['EACCES', 'ENOEXEC'])('%s gives 126', async (errno) => {
  expect(await new Cli().run(['run', '/no/such/command'], { FAKE_SPAWN_ERRNO: errno })).toMatchObject({
    status: 126,
  });
});

test('options end at the command, whose own are left alone', async () => {
  const cli = new Cli();
  await cli.run(['run', '--memory', '256m', '-q', 'true', '--memory', '1', '-q', '--', '--help']);
  expect(cli.calls()[1]?.[1]).toEqual(['true', '--memory', '1', '-q', '--', '--help']);
  expect(cli.details('create')).toMatchObject({ limits: { memoryBytes: 256 * 1024 ** 2 } });
});

test('-- ends the options too, once', async () => {
  const cli = new Cli();
  await cli.run(['run', '-q', '--', 'echo', '--', 'x']);
  expect(cli.calls()[1]?.[1]).toEqual(['echo', '--', 'x']);
});

test('every option reaches the driver', async () => {
  const cli = new Cli();
  const file = join(cli.home, 'variables');
  writeFileSync(file, '# comment\n\nB=file\nC=1=2\r\n');
  writeFileSync(`${file}2`, 'D=4');
  const line = [
    'run --id box --rootfs /srv/root --writable tmpfs --mount /src:/work:ro --mount /a:/b --tmpfs /scratch:64M --tmpfs /t',
    '--policy minimal --bpf-lsm --memory 512M --cpus 1.5 --cpu-weight 50 --pids max --network host --hostname box.example --domainname nis.example --cpu-affinity 0,2-3',
    '--memory-high 256M --swap max --cpuset 0 --device /dev/fuse --device /dev/kvm:r --sysctl kernel.msgmni=9 --ulimit nofile=64 --ulimit core=0:unlimited --oom-score-adj -5',
    `-e A=x=y -e HANDED -e B=option --env GONE --env-from ${file} --env-from ${file}2 -w /work -u 1000:100 --timeout 1m --no-tty true`,
  ];
  const { status } = await cli.run(line.join(' ').split(' '), { HANDED: 'on' });
  expect(status).toBe(0);
  expect(cli.details('create')).toMatchObject({
    id: 'box',
    root: { kind: 'directory', path: '/srv/root' },
    writable: 'tmpfs',
    mounts: [
      { type: 'bind', source: '/src', target: '/work', readonly: true },
      { type: 'bind', source: '/a', target: '/b', readonly: false },
      { type: 'tmpfs', target: '/scratch', sizeBytes: 64 * 1024 ** 2 },
      { type: 'tmpfs', target: '/t' },
    ],
    policy: 'minimal',
    bpfLsm: true,
    limits: {
      memoryBytes: 512 * 1024 ** 2,
      memoryHighBytes: 256 * 1024 ** 2,
      swapBytes: 'max',
      cpus: 1.5,
      cpuWeight: 50,
      cpuset: [0],
      pids: 'max',
    },
    devices: [
      { path: '/dev/fuse', access: 'rw' },
      { path: '/dev/kvm', access: 'r' },
    ],
    sysctls: { 'kernel.msgmni': '9' },
    rlimits: [
      { name: 'nofile', soft: 64, hard: 64 },
      { name: 'core', soft: 0, hard: 'unlimited' },
    ],
    oomScoreAdj: -5,
    network: { mode: 'host' },
    hostname: 'box.example',
    domainname: 'nis.example',
    cpuAffinity: [0, 2, 3],
    detached: false,
  });
  const spawned = cli.details('spawn');
  expect(spawned).toMatchObject({
    cwd: '/work',
    user: { user: 1000, group: 100 },
    timeoutMs: 60_000,
    stdio: [0, 1, 2],
  });
  const { env } = spawned as { env: Record<string, string> };
  expect(Object.keys(env).sort()).toEqual(['A', 'B', 'C', 'D', 'HANDED', 'PATH']);
  expect(env).toMatchObject({ A: 'x=y', B: 'option', C: '1=2', HANDED: 'on' });
});

test('what is not said is not handed on, so that defaults stay defaults', async () => {
  const cli = new Cli();
  await cli.run(['run', '-q', 'true'], { SECRET: 'x' });
  expect(cli.details('create')).toMatchObject({
    limits: { explicit: { memory: false, cpus: false, pids: false } },
  });
  expect(Object.keys((cli.details('spawn') as { env: object }).env)).toEqual(['PATH']);
});

test('--layer says what the root is made of', async () => {
  const cli = new Cli();
  await cli.run(['run', '--layer', 'directory:/base', '--layer', 'host-directory:/src:/work:rw', 'true']);
  expect(cli.details('create')).toMatchObject({
    root: {
      kind: 'layers',
      layers: [
        { type: 'directory', source: '/base' },
        { type: 'host-directory', source: '/src', target: '/work', readonly: false },
      ],
    },
  });
});

test('--read-only makes the root so', async () => {
  const cli = new Cli();
  await cli.run(['run', '--read-only', 'true']);
  expect(cli.details('create')).toMatchObject({ writable: false });
});

test.for([
  [['run'], 'containerv run needs [options] [--] COMMAND [ARG...]'],
  [['run', '--'], 'containerv run needs'],
  [['run', '--memroy', '1G', 'true'], 'Unknown option --memroy. Did you mean --memory?'],
  [['run', '-x', 'true'], 'Unknown option -x.'],
  [['run', '--memory'], '--memory needs a SIZE'],
  [
    ['run', '--memory', '12Q', 'true'],
    "Expected `--memory` to be a number of bytes or a size such as '512M'",
  ],
  [['run', '--memory', '1G', '--memory', '2G', 'true'], '--memory is given twice'],
  [['run', '--cpus', 'two', 'true'], '--cpus two is not a number'],
  [['run', '--pids', '-1', 'true'], '--pids -1 is not a number'],
  [['run', '--quiet=yes', 'true'], '--quiet takes no value'],
  [['run', '--swap', '1Q', 'true'], 'Expected `--swap`'],
  [['run', '--cpuset', '3-1', 'true'], '`limits.cpuset`'],
  [['run', '--device', ':r', 'true'], '--device :r is not PATH'],
  [['run', '--device', '/dev/fuse:rx', 'true'], '`devices[0].access`'],
  [['run', '--sysctl', 'x', 'true'], '--sysctl x is not NAME=VALUE'],
  [['run', '--sysctl', 'kernel.panic=1', 'true'], 'setting it would change the host'],
  [['run', '--ulimit', 'nofile', 'true'], '--ulimit nofile is not NAME=VALUE'],
  [['run', '--ulimit', 'nofile=1:2:3', 'true'], '--ulimit nofile=1:2:3 is not NAME=SOFT'],
  [['run', '--ulimit', 'nofile=many', 'true'], '--ulimit many is not a number'],
  [['run', '--ulimit', 'nofiel=1', 'true'], 'nofile'],
  [['run', '--oom-score-adj', '2000', 'true'], '`oomScoreAdj`'],
  [['run', '--layer', 'overlay', 'true'], '--layer overlay is not TYPE:SOURCE'],
  [['run', '--layer', 'dir:/a', 'true'], '`layers[0].type`'],
  [['run', '--layer', 'overlay:/a', '--rootfs', '/b', 'true'], '`rootfs` and `layers` exclude each other'],
  [['run', '--mount', '/a', 'true'], '--mount /a is not SOURCE:TARGET'],
  [['run', '--mount', '/a:/b:rx', 'true'], '--mount /a:/b:rx is not'],
  [['run', '--mount', '/a:b', 'true'], '`mounts[0].target`'],
  [['run', '--tmpfs', '/a:1M:x', 'true'], '--tmpfs /a:1M:x is not TARGET'],
  [['run', '--tmpfs', '/a:1Q', 'true'], 'Expected `--tmpfs`'],
  [['run', '--policy', 'biuld', 'true'], '`policy` to be one of'],
  [['run', '--env', '=x', 'true'], '--env =x has no name'],
  [['run', '--env-from', '/no/such/file', 'true'], "'/no/such/file' (ENOENT, no such file or directory)"],
  [['run', '--timeout', '10', 'true'], 'Expected `--timeout`'],
  [['run', '--read-only', '--writable', 'tmpfs', 'true'], 'exclude each other'],
  [['run', '--tty', 'true'], '--tty needs a terminal'],
  [['run', '--detach', '--tty', 'true'], '--tty and --detach exclude each other'],
  [['run', '--id', '../x', 'true'], 'Expected `id` to be'],
] as const)('%j is refused', async ([args, message]) => {
  const cli = new Cli();
  const { status, stdout, stderr } = await cli.run(args);
  expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
  expect(stderr).toMatch(/^containerv: /);
  expect(stderr).toContain(message);
  expect(cli.calls()).toEqual([]);
});

test('stdin reaches the command', async () => {
  const child = new Cli().start(['run', '-q', 'cat']);
  child.stdin?.end('hello');
  expect(await outcome(child)).toMatchObject({ status: 0, stdout: 'hello' });
});

test.for([
  ['SIGINT', 42],
  ['SIGTERM', 42],
  ['SIGHUP', 42],
  ['SIGQUIT', 42],
] as const)('%s goes to the command, which decides', async ([signal, status]) => {
  const cli = new Cli();
  const script = `process.on('${signal}', () => process.exit(42)); console.log('up'); setInterval(() => {}, 1000)`;
  const child = cli.start(['run', '-q', node, '-e', script]);
  const ended = outcome(child);
  if (child.stdout !== null) await once(child.stdout, 'data');
  child.kill(signal);
  expect(await ended).toMatchObject({ status, signal: null });
  expect(cli.calls().map(([name]) => name)).toEqual(['create', 'spawn', 'kill', 'destroy']);
});

test('a signal during creation aborts it', async () => {
  const cli = new Cli();
  const child = cli.start(['run', 'true'], { FAKE_CREATE_FOREVER: '1' });
  const ended = outcome(child);
  await expect.poll(() => existsSync(join(cli.home, 'calls')), { timeout: 10_000 }).toBe(true);
  await delay(100);
  child.kill('SIGTERM');
  expect(await ended).toEqual({ status: 143, signal: null, stdout: '', stderr: '' });
  expect(cli.calls().map(([name]) => name)).toEqual(['create', 'create aborted']);
});

test('a signal while the command starts reaches it', async () => {
  const cli = new Cli();
  const child = cli.start(['run', '-q', 'sleep', '60'], { FAKE_SPAWN_MS: '1000' });
  const ended = outcome(child);
  await expect
    .poll(() => existsSync(join(cli.home, 'calls')) && cli.calls().length, { timeout: 10_000 })
    .toBe(2);
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ status: 143, signal: null });
  expect(cli.calls().map(([name]) => name)).toEqual(['create', 'spawn', 'kill', 'destroy']);
  expect(cli.details('kill')).toBe('SIGTERM');
});

test('a signal during removal does not interrupt it', async () => {
  const cli = new Cli();
  const child = cli.start(['run', '-q', 'echo', 'done'], { FAKE_DESTROY_MS: '500' });
  const ended = outcome(child);
  if (child.stdout !== null) await once(child.stdout, 'data');
  await delay(150);
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ status: 0, signal: null });
  expect(cli.calls().map(([name]) => name)).toEqual(['create', 'spawn', 'destroy']);
});

test('a timeout is said, with the status of the signal', async () => {
  const { status, stderr } = await new Cli().run(['run', '-q', '--timeout', '100ms', 'sleep', '60']);
  expect(status).toBe(143);
  expect(stderr).toBe('containerv: the command took longer than --timeout\n');
});

test.for([
  ['oom', 'ran out of memory'],
  ['seccomp', 'a system call that the policy forbids'],
  ['destroyed', 'the container ended before'],
] as const)('cause %s is explained', async ([cause, message]) => {
  const { status, stderr } = await new Cli().run(['run', '-q', 'sh', '-c', 'kill -KILL $$'], {
    FAKE_CAUSE: cause,
  });
  expect(status).toBe(137);
  expect(stderr).toContain(message);
});

test('--detach prints the id and leaves container and command alone', async () => {
  const cli = new Cli();
  const { status, stdout } = await cli.run(['run', '--detach', '--id', 'box', 'sleep', '0.5']);
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'box\n' });
  expect(cli.calls().map(([name]) => name)).toEqual(['create', 'spawn']);
  expect(cli.details('create')).toMatchObject({ detached: true });
  expect(cli.details('spawn')).toMatchObject({ detached: true, stdio: ['ignore', 'ignore', 'ignore'] });
});

test('--detach removes the container when the command cannot start', async () => {
  const cli = new Cli();
  const { status, stdout } = await cli.run(['run', '-d', '/no/such/command']);
  expect({ status, stdout }).toEqual({ status: 127, stdout: '' });
  expect(cli.calls().at(-1)?.[0]).toBe('destroy');
});

test('an id in use gives 125', async () => {
  const cli = new Cli();
  cli.put('box', 'running');
  const { status, stderr } = await cli.run(['run', '--id', 'box', 'true']);
  expect(status).toBe(125);
  expect(stderr).toContain('box is in use');
});

test('exec runs in a container that is there and leaves it there', async () => {
  const cli = new Cli();
  cli.put('box', 'running');
  const { status, stdout } = await cli.run(['exec', '-e', 'A=1', 'box', '--', 'sh', '-c', 'echo $A; exit 7']);
  expect({ status, stdout }).toEqual({ status: 7, stdout: '1\n' });
  expect(cli.calls().map(([name]) => name)).toEqual(['join', 'spawn']);
  expect(await cli.run(['exec', 'box', 'sh', '-c', 'exit 8'])).toMatchObject({ status: 8 });
});

test('exec hands a policy on to the command alone', async () => {
  const cli = new Cli();
  cli.put('box', 'running');
  expect(await cli.run(['exec', '--policy', 'minimal', 'box', 'true'])).toMatchObject({ status: 0 });
  expect(cli.details('spawn')).toMatchObject({ policy: 'minimal' });

  const plain = new Cli();
  plain.put('box', 'running');
  expect(await plain.run(['exec', 'box', 'true'])).toMatchObject({ status: 0 });
  expect(plain.details('spawn')).not.toHaveProperty('policy');
});

test.for([
  ['biuld', '`policy` to be one of'],
  ['build+netwrok', 'network'],
  ['./no-such-policy.json', 'Cannot read the policy'],
] as const)('exec --policy %s is refused before anything runs', async ([policy, message]) => {
  const cli = new Cli();
  cli.put('box', 'running');
  const { status, stderr } = await cli.run(['exec', '--policy', policy, 'box', 'true']);
  expect(status).toBe(125);
  expect(stderr).toContain(message);
  expect(cli.calls().map(([name]) => name)).not.toContain('spawn');
});

test('a driver that never answers is a failure of containerv', async () => {
  const cli = new Cli();
  const { status, stderr } = await cli.run(['exec', 'box', 'true'], { FAKE_JOIN_NEVER: '1' });
  expect(status).toBe(125);
  expect(stderr).toContain('containerv: the driver never answered');
});

test.for([
  [['exec', 'box'], 'containerv exec needs [options] ID [--] COMMAND [ARG...]'],
  [['exec', '--memory', '1', 'box', 'true'], 'Unknown option --memory.'],
  [['exec', 'bix', 'true'], 'There is no container bix'],
] as const)('%j is refused', async ([args, message]) => {
  const { status, stderr } = await new Cli().run(args);
  expect(status).toBe(125);
  expect(stderr).toContain(message);
});
