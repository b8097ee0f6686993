import {
  checkPolicy,
  createPolicy,
  FsAccess,
  learnPolicy,
  listContainers,
  type Policy,
} from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { failure } from '../support/failure.js';
import { check, learn } from '../support/observed.js';
import { sharedRoot } from '../support/root.js';

/** `[names, conditions]` of what it allows, without what every policy has. */
function allowedNames(policy: Policy): string[] {
  return policy.toJSON().syscalls.rules.flatMap(({ names, action }) => (action === undefined ? names : []));
}

const denials = ({ denied }: { denied: readonly { what: string; answer: string }[] }): string[] =>
  denied.map(({ what, answer }) => `${what}: ${answer}`);

describe('learning', () => {
  test('gives a policy under which the same happens again', async () => {
    const command = ['attempt', 'read', '/etc/hostname', '', 'mkdir', '/srv/made', ''] as const;
    const learned = await learn(command, { files: false });
    expect([learned.status.exitCode, learned.stdout, denials(learned)]).toEqual([0, '[0,0]\n', []]);
    const again = await check(learned.policy, command);
    expect([again.status.exitCode, again.stdout, denials(again)]).toEqual([0, '[0,0]\n', []]);
    // And nothing else does.
    const other = await check(learned.policy, ['fork-bomb', '1']);
    expect(other.stdout).toBe('{"made":0,"errno":1}\n');
    expect(other.denied).toMatchObject([
      { what: 'clone(a process)', answer: 'EPERM', rule: { names: ['clone'] }, note: 'Allowed by: build.' },
    ]);
  });

  test('sees every process and every thread', async () => {
    const learned = await learn(['crowd', '8'], { files: false });
    expect(learned.stdout).toBe('0\n');
    expect(denials(learned)).toEqual([]);
    const { policy } = learned;
    expect(['clone', 'socketpair', 'openat'].filter((name) => !allowedNames(policy).includes(name))).toEqual(
      [],
    );
    expect(policy.check({ syscall: 'socketpair', args: [1, 2, 0] })).toBe('allow');
    expect(policy.check({ syscall: 'socketpair', args: [1, 1, 0] })).toBe('errno');
    const again = await check(policy, ['crowd', '8']);
    expect([again.stdout, denials(again)]).toEqual(['0\n', []]);
  });

  test('writes down files with what was done to them, as the container sees them', async () => {
    const operations = [
      ['read', '/etc/hostname', ''],
      ['create', '/srv/new', ''],
      ['mkdir', '/home/builder/made', ''],
      ['symlink', '/home/link', '../etc'],
      ['read', '/home/link/hosts', ''],
      ['rename', '/srv/new', '/srv/newer'],
      ['chmod', '/etc/group', '600'],
      ['read', '/nowhere/at/all', ''],
      ['exists', '/etc/passwd', ''],
      ['read', '/proc/self/status', ''],
      ['write', '/tmp/scratch', 'x'],
      ['chdir', '/etc', ''],
      ['read', '../etc/./resolv.conf', ''],
      ['execute', '/bin/true', ''],
    ].flat();
    const { policy, warnings } = await learn(['attempt', ...operations]);
    const { files } = policy.toJSON();
    const shown = (files.added ?? []).map(({ path, access }) => `${path} ${access.join('+')}`);
    expect(shown).toEqual(['/etc/group write', '/home write', '/srv write', '/tmp write']);
    expect(files.system.map(({ path }) => path)).toEqual([
      '/bin',
      '/etc/hostname',
      '/etc/hosts',
      '/etc/resolv.conf',
      '/proc',
    ]);
    expect(warnings).toEqual([
      'The program used /home itself as a directory, so everything below it is allowed: write',
    ]);
  });

  test('takes the directory a program works in as a whole', async () => {
    const options = { container: { rootfs: sharedRoot(), cwd: '/srv' } };
    const { policy } = await learn(
      ['attempt', 'create', 'a', '', 'read', 'a', '', 'mkdir', 'b', ''],
      options,
    );
    expect(policy.toJSON().files.added).toEqual([{ path: '/srv', access: ['read', 'write'] }]);
  });

  test('over several runs adds up', async () => {
    const first = await learn(['attempt', 'read', '/etc/hostname', ''], { name: 'both' });
    const second = await learn(['fork-bomb', '2'], { into: first.policy });
    expect(second.policy.name).toBe('both');
    const names = allowedNames(second.policy);
    expect(allowedNames(first.policy).filter((name) => !names.includes(name))).toEqual([]);
    expect([allowedNames(first.policy).includes('clone'), names.includes('clone')]).toEqual([false, true]);
    expect(second.policy.toJSON().files).toEqual(first.policy.toJSON().files);
  });

  test('stays within a policy: what that denies is denied, listed, and not learned', async () => {
    const { policy, denied, stdout } = await learn(['calls'], { files: false });
    const errnos = JSON.parse(stdout) as Record<string, number>;
    expect([errnos['mount'], errnos['clone3'], errnos['unknown'], errnos['socket(inet)']]).toEqual([
      1, 38, 38, 0,
    ]);
    const missing = ['mount', 'unshare(0x10000000)', 'ptrace(0x10)', 'socket(AF_PACKET, SOCK_RAW, 0)'].filter(
      (wanted) => !denied.some(({ what }) => what === wanted),
    );
    expect(missing).toEqual([]);
    for (const syscall of ['mount', 'ptrace', 'bpf', 'unshare'])
      expect([syscall, policy.check({ syscall })]).toEqual([syscall, 'errno']);
    const narrow = await learn(['fork-bomb', '1'], { within: 'minimal', files: false });
    expect(narrow.stdout).toBe('{"made":0,"errno":1}\n');
    expect(narrow.policy.capabilities).toEqual([]);
  });

  test('gives the program its own descriptors and no other', async () => {
    const { stdout } = await learn(['descriptors'], { files: false });
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual(['0', '1', '2']);
  });
});

describe('checking', () => {
  test('names what a policy denies', async () => {
    const run = await check(createPolicy('custom').addSyscalls(['write', 'socket']), ['bare']);
    expect([run.stdout, denials(run)]).toEqual(['bare\n', []]);
    const silent = await check(createPolicy('custom'), ['bare']);
    expect(silent.denied).toEqual([
      {
        kind: 'syscall',
        what: 'write',
        answer: 'EPERM',
        count: 1,
        rule: { names: ['write'] },
        note: 'Allowed by: minimal, build, network.',
      },
    ]);
  });

  test('a call that ends the process under the policy ends it, and is named', async () => {
    const run = await check(createPolicy('build').setSecurityLevel('strict'), ['calls']);
    expect(run.status).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(denials(run)).toEqual(['mount: killed']);
  });

  test('a foreign ABI ends the process in the kernel', async () => {
    const run = await check(createPolicy('build'), ['foreign-abi']);
    expect(run.status).toMatchObject({ signal: 'SIGSYS', cause: 'seccomp' });
  });
});

describe('an end before the end', () => {
  test('a command that does not exist rejects and leaves nothing', async () => {
    await failure(learn(['no-such-command']), { code: 'ERR_CONTAINERV_SPAWN', errno: 'ENOENT' });
    expect(await listContainers()).toEqual([]);
  });

  test('a deadline ends a program that waits, and what was seen is kept', async () => {
    const run = await learn(['sleep', '60000'], { files: false, process: { timeout: 300 } });
    expect(run.status.cause).toBe('timeout');
    expect(run.policy.check({ syscall: 'read' })).toBe('allow');
  });

  test('children that a program leaves behind end with the container', async () => {
    const { status } = await learn(['holder'], { files: false });
    expect(status.exitCode).toBe(0);
    expect(await listContainers()).toEqual([]);
  });
});

describe('refused', () => {
  const root = { rootfs: '/' };
  test.for([
    [{ process: { tty: true } }, /Unknown option `tty` in `process`/],
    [{ process: { policy: 'build' } }, /Unknown option `policy` in `process`/],
    [{ container: { ...root, policy: 'build' } }, /`container.policy` to be left out/],
    [{ container: { ...root, detached: true } }, /`container.detached` to be left out/],
    [{ process: { stdio: 'pipe' } }, /`process.stdio` to be without 'pipe'/],
    [{ inside: 'build' }, /Unknown option `inside`/],
    [{ within: 'biuld' }, /'build'/],
  ] as const)('%j', async ([options, message]) => {
    await failure(learnPolicy('true', [], options as never), { code: /INVALID_(OPTION|POLICY)/, message });
  });

  test('what network rules deny by a filter is denied meanwhile', async () => {
    const policy = createPolicy('build').addNetworkRules([]);
    const { stdout } = await check(policy, ['steps', 'stream', 'pair=2', 'pair=1']);
    expect(stdout).toBe('[13,13,0]\n');
  });

  test('nobody is observed whose sockets are judged call by call', async () => {
    const policy = createPolicy('build').addNetworkRules([{ family: 'unix', path: '@a' }]);
    await failure(checkPolicy(policy, 'true', [], { container: { rootfs: sharedRoot() } }), {
      code: 'ERR_CONTAINERV_UNSUPPORTED',
      step: 'observe program',
      hint: /without them/,
    });
    expect(await listContainers()).toEqual([]);
  });

  test('for checking the same', async () => {
    await failure(checkPolicy('build', 'true', [], { within: 'build' } as never), {
      code: 'ERR_CONTAINERV_INVALID_OPTION',
      message: /Unknown option `within`/,
    });
  });
});

test('a policy with rules for files is learned as one that can be read back', async () => {
  const { policy } = await learn(['attempt', 'read', '/etc/hostname', '']);
  expect(policy.paths).toContainEqual({ path: '/etc/hostname', access: FsAccess.Read });
});
