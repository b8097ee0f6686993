import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPolicy, Policy } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { Cli, outcome } from './cli.js';

const denied = [
  {
    kind: 'syscall',
    what: 'setrlimit',
    answer: 'EPERM',
    count: 2,
    rule: { names: ['setrlimit'] },
    note: 'No base policy allows it.',
  },
  { kind: 'syscall', what: 'syscall 999', answer: 'ENOSYS', count: 1 },
];
const report = (own: object = {}): Record<string, string> => ({
  FAKE_REPORT: JSON.stringify({ denied: [], warnings: [], ...own }),
});
const deniedText =
  'containerv: denied: setrlimit: EPERM, 2 times\n' +
  '  allowed by the rule: {"names":["setrlimit"]}\n' +
  '  No base policy allows it.\n' +
  'containerv: denied: syscall 999: ENOSYS, once\n';

describe('policy learn', () => {
  test('writes the policy and says where, after what was denied', async () => {
    const cli = new Cli();
    const file = join(cli.home, 'learned.json');
    const { status, stdout, stderr } = await cli.run(
      ['policy', 'learn', '-o', file, '--mount', '/src:/work', '-w', '/work', 'make', '-o', 'x'],
      report({ denied, warnings: ['too broad'] }),
    );
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toBe(
      `containerv: warning: no pids limit\n${deniedText}containerv: warning: too broad\n` +
        `containerv: wrote 'minimal' to ${file}; read it: containerv policy show ${file}\n`,
    );
    expect(Policy.fromJSON(readFileSync(file, 'utf8')).hash).toBe(createPolicy('minimal').hash);
    expect(cli.details('learn')).toMatchObject({
      command: ['make', '-o', 'x'],
      container: { mounts: [{ source: '/src', target: '/work' }] },
      process: { cwd: '/work', stdio: 'inherit' },
    });
    expect(readdirSync(cli.home).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('adds to a policy that is there, unless it is to be replaced', async () => {
    const cli = new Cli();
    const file = join(cli.home, 'learned.json');
    const line = [
      'policy',
      'learn',
      '-q',
      '-o',
      file,
      '--within',
      'build',
      '--no-files',
      '--workspace',
      '/w',
      'true',
    ];
    await cli.run(line, report());
    expect(cli.details('learn')).toMatchObject({ within: 'build', files: false, workspace: '/w' });
    expect(cli.details('learn')).not.toHaveProperty('into');
    await cli.run(line, report());
    expect(cli.calls().at(-1)?.[1]).toMatchObject({ into: 'minimal' });
    await cli.run([...line.slice(0, 2), '--replace', ...line.slice(2)], report());
    expect(cli.calls().at(-1)?.[1]).not.toHaveProperty('into');
  });

  test('a command that fails teaches nothing, unless asked', async () => {
    const cli = new Cli();
    const file = join(cli.home, 'learned.json');
    const failed = report({ status: { exitCode: 3 } });
    const { status, stderr } = await cli.run(['policy', 'learn', '-o', file, 'false'], failed);
    expect([status, existsSync(file)]).toEqual([3, false]);
    expect(stderr).toContain('the command failed, so no policy was written; --always');
    expect(await cli.run(['policy', 'learn', '--always', '-o', file, 'false'], failed)).toMatchObject({
      status: 3,
    });
    expect(existsSync(file)).toBe(true);
  });

  test('a signal is handed on, and ends a run that counts', async () => {
    const cli = new Cli();
    const file = join(cli.home, 'learned.json');
    const child = cli.start(['policy', 'learn', '-o', file, 'server'], {
      ...report({ status: { exitCode: null, signal: 'SIGINT', cause: 'signal' } }),
      FAKE_WAIT: '1',
    });
    const ended = outcome(child);
    if (child.stdout !== null) await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect((await ended).status).toBe(130);
    expect(cli.calls().at(-1)).toEqual(['kill', 'SIGINT']);
    expect(existsSync(file)).toBe(true);
  });

  test('what cannot be added to is refused before anything runs', async () => {
    const cli = new Cli();
    const file = join(cli.home, 'learned.json');
    writeFileSync(file, '{"version": 2}');
    const { status, stderr } = await cli.run(['policy', 'learn', '-o', file, 'true'], report());
    expect(status).toBe(125);
    expect(stderr).toContain(`${file}: Expected \`version\` to be 1`);
    expect(existsSync(join(cli.home, 'calls'))).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe('{"version": 2}');
  });
});

describe('policy check', () => {
  test('lists what was denied; the status is the command’s', async () => {
    const cli = new Cli();
    const file = join(cli.home, 'report.json');
    const line = ['policy', 'check', '-q', '--report', file, 'build+network', '--', 'make', '--', 'x'];
    const { status, stderr } = await cli.run(line, report({ denied }));
    expect({ status, stderr }).toEqual({ status: 0, stderr: deniedText });
    expect(cli.details('check')).toMatchObject({ policy: 'build+network', command: ['make', '--', 'x'] });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ policy: 'build+network', denied });
  });

  test('--fail-on-denial fails a command that succeeded, and no other', async () => {
    const cli = new Cli();
    const line = ['policy', 'check', '-q', '--fail-on-denial', 'build', 'true'];
    expect(await cli.run(line, report({ denied }))).toMatchObject({ status: 1 });
    expect(await cli.run(line, report())).toMatchObject({
      status: 0,
      stderr: "containerv: 'build' denied nothing\n",
    });
    expect(await cli.run(line, report({ denied, status: { exitCode: 7 } }))).toMatchObject({ status: 7 });
  });
});

describe('policy show', () => {
  test('explains base policies, combinations and files', async () => {
    const cli = new Cli();
    expect((await cli.run(['policy', 'show', 'minimal'])).stdout).toBe(createPolicy('minimal').explain());
    const both = createPolicy('build').extend('network');
    const { stdout } = await cli.run(['policy', 'show', '--json', 'build+network']);
    expect(JSON.parse(stdout)).toEqual(both.toJSON());
    const file = join(cli.home, 'own.json');
    writeFileSync(file, stdout);
    expect((await cli.run(['policy', 'show', file])).stdout).toBe(both.explain());
  });

  test('reads OCI profiles too', async () => {
    const cli = new Cli();
    const file = join(cli.home, 'profile.json');
    const profile = await cli.run(['policy', 'compile', '--format', 'oci', '--arch', 'x64', 'network']);
    expect(JSON.parse(profile.stdout)).toEqual(createPolicy('network').toOciSeccomp({ arch: 'x64' }));
    writeFileSync(file, profile.stdout);
    const { stdout } = await cli.run(['policy', 'show', file]);
    expect(stdout).toBe(Policy.fromOciSeccomp(profile.stdout).explain());
  });
});

describe('policy compile', () => {
  test.for(['x64', 'arm64'] as const)('%s: the same program in every format', async (arch) => {
    const cli = new Cli();
    const program = createPolicy('network').compileSeccomp({ arch, log: false });
    const [file, ...args] = cli.command(['policy', 'compile', '--format', 'bpf', '--arch', arch, 'network']);
    expect(spawnSync(file, args, { env: cli.env({}) }).stdout).toEqual(Buffer.from(program));
    const { stdout } = await cli.run(['policy', 'compile', '--format', 'json', '--arch', arch, 'network']);
    const list = JSON.parse(stdout) as { code: number; jt: number; jf: number; k: number }[];
    const packed = list.map(({ code, jt, jf, k }) => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt16LE(code);
      bytes.writeUInt8(jt, 2);
      bytes.writeUInt8(jf, 3);
      bytes.writeUInt32LE(k, 4);
      return bytes;
    });
    expect(Buffer.concat(packed)).toEqual(Buffer.from(program));
    const asm = (await cli.run(['policy', 'compile', '--arch', arch, 'network'])).stdout;
    expect(asm.trimEnd().split('\n')).toHaveLength(program.length / 8);
  });

  test('--log compiles to log and allow', async () => {
    const { stdout } = await new Cli().run(['policy', 'compile', '--log', '--arch', 'x64', 'minimal']);
    expect(stdout).toContain('0x7ffc0000');
    expect(stdout).not.toContain('0x50001');
  });
});

test.for([
  [['policy'], 'Usage: containerv COMMAND'],
  [['policy', 'leran'], 'Unknown command policy leran. Did you mean policy learn?'],
  [['policy', 'show'], 'containerv policy show needs [options] NAME|FILE'],
  [['policy', 'show', 'biuld'], '`base` to be one of'],
  [['policy', 'show', 'build+'], '`base` to be one of'],
  [['policy', 'show', './no-such-file'], "'./no-such-file' (ENOENT, no such file or directory)"],
  [['policy', 'show', '/dev/zero'], '/dev/zero is no file of at most 1 MiB'],
  [['policy', 'show', '/etc/hostname'], '/etc/hostname: The policy is no JSON'],
  [['policy', 'compile', '--format', 'elf', 'build'], '`--format` to be one of'],
  [['policy', 'compile', '--arch', 'amd64', 'build'], '`--arch` to be one of'],
  [['policy', 'compile', '--format', 'oci', '--log', 'build'], '--log means nothing'],
  [['policy', 'check', 'build'], 'containerv policy check needs'],
  [['policy', 'check', 'build', '--'], 'There is no command to run'],
  [['policy', 'learn', '--policy', 'build', 'true'], 'Unknown option --policy'],
  [['policy', 'learn', '--tty', 'true'], 'Unknown option --tty'],
  [['run', '--policy', './no-such-file', 'true'], 'ENOENT'],
] as const)('%j is refused', async ([line, message]) => {
  const { status, stdout, stderr } = await new Cli().run(line);
  expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
  expect(stderr).toContain(message);
});

test('run takes a policy file', async () => {
  const cli = new Cli();
  const file = join(cli.home, 'own.json');
  const own = createPolicy('build').addSyscalls(['setrlimit']);
  writeFileSync(file, JSON.stringify(own));
  const { status } = await cli.run(['run', '-q', '--policy', file, 'true']);
  expect(status).toBe(0);
  expect(cli.details('create')).toMatchObject({ policy: own.toJSON() });
});
