import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { type Container, type ContainerOptions, createPolicy, joinContainer } from 'containerv-linux';
import { FsAccess } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { attempt, type Operation, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { makeRoot, sharedRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';
import { idFor, isRoot, program } from '../support/suite.js';
import { landlockAbi } from '../support/landlock.js';

type Step = readonly [operation: Operation, path: string, other?: string];

const { Read, Write, Execute, All } = FsAccess;
const PLACES = { none: undefined, read: Read, write: Write, run: Read | Execute, all: All } as const;
const abi = await landlockAbi();

/** One directory for each access, all of them everybody's to use as far as permissions go. */
function makeTree(): string {
  const tree = scratchPath('tree');
  for (const place of Object.keys(PLACES)) {
    for (const directory of [place, `${place}/empty`]) {
      mkdirSync(path.join(tree, directory), { recursive: true });
      chmodSync(path.join(tree, directory), 0o777);
    }
    copyFileSync(program('box'), path.join(tree, place, 'box'));
    for (const file of [`${place}/file`, `${place}/spare`, `${place}/moved`, `${place}/alone`]) {
      writeFileSync(path.join(tree, file), 'content');
      chmodSync(path.join(tree, file), 0o666);
    }
  }
  chmodSync(tree, 0o777);
  return tree;
}

function rules(at = '/srv/tree'): ReturnType<typeof createPolicy> {
  let policy = createPolicy('build').addPaths([`${at}/none/alone`], Read);
  for (const [place, access] of Object.entries(PLACES))
    if (access !== undefined) policy = policy.addPaths([`${at}/${place}`], access);
  return policy;
}

/** Every operation on one directory, and what each needs. `exists` and `chdir` are no matter of Landlock. */
function operations(place: string): readonly (readonly [...Step, needs: number])[] {
  const at = `/srv/tree/${place}`;
  return [
    ['read', `${at}/file`, '', Read],
    ['list', at, '', Read],
    ['open-write', `${at}/file`, '', Write],
    ['truncate', `${at}/file`, '', Write],
    ['create', `${at}/new`, '', Write],
    ['mkdir', `${at}/made`, '', Write],
    ['symlink', `${at}/link`, 'file', Write],
    ['fifo', `${at}/fifo`, '', Write],
    ['listen', `${at}/socket`, '', Write],
    ['link', `${at}/file`, `${at}/linked`, Write],
    ['link', `${at}/file`, `${at}/empty/linked`, Write],
    ['rename', `${at}/spare`, `${at}/renamed`, Write],
    ['exchange', `${at}/moved`, `${at}/file`, Write],
    ['rename', `${at}/moved`, `${at}/empty/moved`, Write],
    ['unlink', `${at}/empty/moved`, '', Write],
    ['unlink', `${at}/file`, '', Write],
    ['rename', `${at}/empty`, `${at}/full`, Write],
    ['exists', `${at}/box`, '', 0],
    ['chdir', at, '', 0],
  ];
}

const withoutNeeds = (steps: readonly (readonly [...Step, needs: number])[]): Step[] =>
  steps.map(([operation, at, other]) => [operation, at, other ?? '']);

async function expectRules(container: Container, user: string | undefined): Promise<void> {
  const options = user === undefined ? {} : { user };
  for (const [place, access = 0] of Object.entries(PLACES)) {
    const steps = operations(place);
    const results = await attempt(container, withoutNeeds(steps), options);
    // Without the rename nothing is at the new name, and looking comes before judging.
    const expected = steps.map(([operation, at, , needs]) =>
      (access & needs) === needs
        ? 'ok'
        : operation === 'unlink' && at.includes('empty/')
          ? 'ENOENT'
          : 'EACCES',
    );
    expect(
      steps.map((step, index) => [...step, results[index]].join(' ')),
      place,
    ).toEqual(steps.map((step, index) => [...step, expected[index]].join(' ')));
  }
  const run = async (place: string): Promise<unknown> =>
    container.run(`/srv/tree/${place}/box`, ['echo', 'ran'], options).then(
      ({ stdout }) => stdout,
      ({ code, hint }) => [code, String(hint).includes('addPaths')],
    );
  const refused = ['ERR_CONTAINERV_SPAWN', true];
  expect(await Promise.all(Object.keys(PLACES).map(run))).toEqual([
    refused,
    refused,
    refused,
    'ran\n',
    'ran\n',
  ]);
  // And by a process that is confined already.
  expect(await attempt(container, [['execute', '/srv/tree/read/box', 'echo']], options)).toEqual(['EACCES']);
}

/** A root that already has the place where the tree is mounted: in one that stays as it is, none is made. */
function rootWithPlace(): string {
  const root = makeRoot('with-place');
  mkdirSync(path.join(root, 'srv/tree'));
  return root;
}

const ROOTS: readonly (readonly [string, ContainerOptions])[] = [
  ['a directory under an overlay', {}],
  ['a directory, written directly', { rootfs: rootWithPlace(), writable: 'direct' }],
  ['a directory, read-only', { rootfs: rootWithPlace(), writable: false }],
  ['a directory, writes in memory', { writable: 'tmpfs' }],
  ['layers', { layers: [{ type: 'directory', source: sharedRoot() }] }],
  ['the host’s system', { rootfs: 'host' }],
];
const USERS = [undefined, ...(isRoot ? ['1000:1000'] : [])];

describe.skipIf(abi < 3)(`with Landlock (ABI ${abi}; the tests need 3)`, () => {
  describe.for(ROOTS)('in %s', ([, options]) => {
    test.for(USERS)('each access allows what it names, and nothing else, to user %s', async (user) => {
      const box = path.join(sharedRoot(), 'bin');
      await using container = await small({
        ...options,
        mounts: [
          { source: makeTree(), target: '/srv/tree' },
          ...(options.rootfs === 'host' ? [{ source: box, target: '/opt/box', readonly: true }] : []),
        ],
        env: { PATH: '/bin:/opt/box' },
        policy: rules(),
      });
      expect(container.enforced.landlock).toBe(abi);
      await expectRules(container, user);
    });
  });

  test('holds without a user namespace', { skip: !isRoot }, async () => {
    const mounts = [{ source: makeTree(), target: '/srv/tree' }];
    await using container = await small({ mounts, policy: rules(), namespaces: { user: false } });
    await expectRules(container, undefined);
  });

  test('holds for a process of who joins', async () => {
    const mounts = [{ source: makeTree(), target: '/srv/tree' }];
    await using container = await small({ id: idFor('joined-rules'), mounts, policy: rules() });
    const joined = await joinContainer(container.id);
    expect(joined.enforced.landlock).toBe(abi);
    await expectRules(joined, undefined);
  });

  test('a rule for a file is for that file alone', async () => {
    const mounts = [{ source: makeTree(), target: '/srv/tree' }];
    await using container = await small({ mounts, policy: rules() });
    const steps: Step[] = [
      ['read', '/srv/tree/none/alone'],
      ['read', '/srv/tree/none/file'],
      ['open-write', '/srv/tree/none/alone'],
      ['unlink', '/srv/tree/none/alone'],
    ];
    expect(await attempt(container, steps)).toEqual(['ok', 'EACCES', 'EACCES', 'EACCES']);
  });

  test('a rule for a directory covers what is mounted below it, and not what is beside it', async () => {
    const mounts = [
      { source: makeTree(), target: '/srv/tree' },
      { type: 'tmpfs', target: '/srv/memory' },
      { type: 'tmpfs', target: '/srvice' },
    ] as const;
    await using container = await small({
      mounts,
      policy: createPolicy('build').addPaths(['/srv'], Read | Write),
    });
    const steps: Step[] = [
      ['read', '/srv/tree/none/file'],
      ['create', '/srv/memory/new'],
      ['create', '/srvice/new'],
      // Both may be written, but a link or a rename cannot go from one file system to another.
      ['rename', '/srv/memory/new', '/srv/tree/all/new'],
    ];
    expect(await attempt(container, steps)).toEqual(['ok', 'ok', 'EACCES', 'EXDEV']);
  });

  test('a terminal can be opened by its names', async () => {
    await using container = await small({ policy: 'minimal' });
    const steps: Step[] = [
      ['open-write', '/dev/tty'],
      ['open-write', '/dev/stdout'],
      ['read', '/srv'],
    ];
    expect(await attempt(container, steps, { tty: true })).toEqual(['ok', 'ok', 'EACCES']);
  });

  test('links of the root lead base rules nowhere, and named ones where they point', async () => {
    const root = makeRoot('links');
    for (const link of ['lib32', 'named']) symlinkSync('/srv/tree/none', path.join(root, link));
    const options: ContainerOptions = { rootfs: root, mounts: [{ source: makeTree(), target: '/srv/tree' }] };
    const steps: Step[] = [
      ['read', '/lib32/file'],
      ['read', '/srv/tree/none/file'],
    ];
    await using ofBase = await small({ ...options, policy: createPolicy('build').addPaths([], Read) });
    expect(await attempt(ofBase, steps)).toEqual(['EACCES', 'EACCES']);
    await using named = await small({ ...options, policy: createPolicy('build').addPaths(['/named'], Read) });
    expect(await attempt(named, steps)).toEqual(['ok', 'ok']);
  });

  test('nothing moves to where it could be used for more', async () => {
    const mounts = [{ source: makeTree(), target: '/srv/tree' }];
    await using container = await small({ mounts, policy: rules() });
    const at = '/srv/tree';
    const steps: Step[] = [
      ['rename', `${at}/write/file`, `${at}/all/gained`],
      ['link', `${at}/write/spare`, `${at}/all/gained`],
      ['rename', `${at}/all/file`, `${at}/write/lost`],
      ['rename', `${at}/all/spare`, `${at}/read/kept`],
      ['rename', `${at}/none/file`, `${at}/all/stolen`],
    ];
    expect(await attempt(container, steps)).toEqual(['EXDEV', 'EXDEV', 'ok', 'EACCES', 'EACCES']);
  });

  test('no access makes device nodes', async () => {
    const policy = createPolicy('build')
      .addPaths(['/'], Read | Write)
      .addSyscalls(['mknod', 'mknodat'])
      .setCapabilities(['CAP_MKNOD']);
    await using container = await small({ policy });
    expect(
      await attempt(container, [
        ['device', '/srv/node'],
        ['fifo', '/srv/fifo'],
      ]),
    ).toEqual(['EACCES', 'ok']);
  });

  test('commands to a device need more than reading it', { skip: abi < 5 }, async () => {
    const device: Step[] = [['ioctl', '/dev/urandom']];
    await using container = await small({ policy: 'minimal' });
    expect(await attempt(container, device)).toEqual(['ok']);
    const policy = createPolicy('custom')
      .addSyscalls([
        'read',
        'write',
        'openat',
        'close',
        'fstat',
        'newfstatat',
        'ioctl',
        'brk',
        'mmap',
        'arch_prctl',
      ])
      .addSyscalls([
        'set_tid_address',
        'set_robust_list',
        'rseq',
        'mprotect',
        'prlimit64',
        'readlink',
        'getrandom',
      ])
      .addPaths(['/bin'], Read | Execute)
      .addPaths(['/dev/urandom'], Read);
    expect(await attempt(container, device, { policy })).toEqual(['EACCES']);
  });

  test('a process’s own policy takes away, and never gives', async () => {
    const mounts = [{ source: makeTree(), target: '/srv/tree' }];
    await using container = await small({ mounts, policy: rules() });
    const steps: Step[] = [
      ['read', '/srv/tree/read/file'],
      ['read', '/srv/tree/none/file'],
      ['open-write', '/srv/tree/all/file'],
    ];
    const own = createPolicy('build').addPaths(['/srv/tree'], Read);
    expect(await attempt(container, steps, { policy: own })).toEqual(['ok', 'EACCES', 'EACCES']);
    expect(await attempt(container, steps, { policy: 'minimal' })).toEqual(['EACCES', 'EACCES', 'EACCES']);
    expect(await attempt(container, steps, { policy: 'build' })).toEqual(['ok', 'EACCES', 'ok']);
  });

  test('processes do not look into each other', async () => {
    const looking = async (options: ContainerOptions): Promise<string[]> => {
      await using container = await small(options);
      const other = await container.spawn('sleep', [], { stdio: 'ignore' });
      const steps: Step[] = [
        ['read', `/proc/${other.pid}/environ`],
        ['read', '/proc/self/environ'],
        ['read', `/proc/${other.pid}/status`],
      ];
      const results = await attempt(container, steps);
      await other.kill('SIGKILL');
      await other.wait();
      return results;
    };
    expect(await looking({ policy: createPolicy('build').addPaths([], Read) })).toEqual([
      'EACCES',
      'ok',
      'ok',
    ]);
    expect(await looking({})).toEqual(['ok', 'ok', 'ok']);
  });

  test('a process that may open next to nothing can have a policy of its own', async () => {
    await using container = await small();
    const { exitCode } = await container.run('true', [], { policy: 'minimal', rlimits: { nofile: 3 } });
    expect(exitCode).toBe(0);
  });

  test('a process may be confined in a container that is not', async () => {
    await using container = await small({ id: idFor('own-rules') });
    expect(container.enforced.landlock).toBe(false);
    const steps: Step[] = [
      ['read', '/etc/hostname'],
      ['create', '/srv/new'],
    ];
    expect(await attempt(container, steps, { policy: 'minimal' })).toEqual(['EACCES', 'EACCES']);
    const joined = await joinContainer(container.id);
    const policy = createPolicy('build').addPaths([], Read);
    expect(await attempt(joined, steps, { policy })).toEqual(['ok', 'EACCES']);
    expect(await attempt(container, steps)).toEqual(['ok', 'ok']);
  });

  test.for(['minimal', 'network'] as const)(
    '`%s` gives the system to read and /tmp to write',
    async (policy) => {
      await using container = await small({ policy, mounts: [{ source: makeTree(), target: '/srv/tree' }] });
      expect(container.enforced.landlock).toBe(abi);
      const steps: Step[] = [
        ['read', '/etc/passwd'],
        ['read', '/proc/self/status'],
        ['create', '/tmp/new'],
        ['open-write', '/dev/null'],
        ['read', '/dev/urandom'],
        ['read', '/dev/stdin'],
        ['open-write', '/bin/box'],
        ['list', '/'],
        ['list', '/srv'],
        ['read', '/srv/tree/all/file'],
        ['open-write', '/proc/self/comm'],
      ];
      const denied = ['ENOENT', 'EACCES', 'EACCES', 'EACCES', 'EACCES'];
      expect(await attempt(container, steps)).toEqual([...Array(6).fill('ok'), ...denied]);
    },
  );

  test('`build` confines nothing until it is told what to', async () => {
    await using container = await small();
    expect(container.enforced.landlock).toBe(false);
    expect(
      await attempt(container, [
        ['list', '/'],
        ['create', '/new'],
      ]),
    ).toEqual(['ok', 'ok']);
  });

  test('an empty list still confines, and the whole root does not', async () => {
    await using none = await small({ policy: createPolicy('build').addPaths([], All) });
    expect(
      await attempt(none, [
        ['create', '/srv/new'],
        ['read', '/etc/passwd'],
      ]),
    ).toEqual(['EACCES', 'ok']);
    await using everything = await small({ policy: createPolicy('build').addPaths(['/'], All) });
    expect(everything.enforced.landlock).toBe(false);
    await using nothing = await small({ policy: createPolicy('custom').addPaths([], All) });
    await failure(nothing.run('bare'), { code: 'ERR_CONTAINERV_SPAWN', hint: /addPaths/ });
  });

  test('stays after the container is started again', async () => {
    await using container = await small({ policy: createPolicy('build').addPaths([], Read) });
    await container.stop({ timeout: 0 });
    await container.start();
    expect(container.enforced.landlock).toBe(abi);
    expect(await attempt(container, [['create', '/srv/new']])).toEqual(['EACCES']);
  });

  describe('a path that does not exist', () => {
    const policy = createPolicy('build').addPaths(['/srv/nowhere', '/bin'], Read | Execute);

    test('allows nothing, and is told: of a container', async () => {
      await using container = await small({ policy });
      const [warning] = await new Promise<[Error]>((resolve) => {
        container.on('warning', (...told) => resolve(told));
      });
      expect(warning.message).toContain('/srv/nowhere');
      expect(warning.message).not.toContain('/bin');
      await using other = await small({ policy: createPolicy('build').addPaths(['/bin'], Read) });
      other.on('warning', (told) => expect.unreachable(told.message));
      await other.run('true');
    });

    test('and of a process', async () => {
      await using container = await small();
      const told: string[] = [];
      container.on('warning', ({ message }) => told.push(message));
      await container.run('true', [], { policy });
      expect(told).toEqual([expect.stringContaining('container: /srv/nowhere')]);
    });

    test('is an error at the level that requires rules', async () => {
      const strict = policy.setSecurityLevel('strict');
      const expected = { code: 'ERR_CONTAINERV_NOT_FOUND', path: '/srv/nowhere', hint: /strict/ };
      await failure(small({ policy: strict }), expected);
      await using container = await small();
      await failure(container.run('true', [], { policy: strict }), expected);
      await using fine = await small({ policy: createPolicy('minimal').setSecurityLevel('strict') });
      expect(fine.enforced.landlock).toBe(abi);
    });
  });

  describe.skipIf(abi < 6)('what no namespace keeps apart', () => {
    const policy = createPolicy('build').addPaths(['/bin', '/srv'], All);

    test('signals reach only a process’s own, and in a namespace everybody', async () => {
      await using sharing = await small({ policy, namespaces: { pid: false } });
      const steps: Step[] = [
        ['signal', String(process.pid)],
        ['signal-child', ''],
      ];
      expect(await attempt(sharing, steps)).toEqual(['EPERM', 'ok']);
      // Ids of its own, as root's containers have them, would keep them apart as well.
      const whole = [{ container: 0, host: 0, size: 65_536 }];
      const maps = isRoot ? { users: whole, groups: whole } : {};
      await using unconfined = await small({ namespaces: { pid: false }, ...maps });
      expect(await attempt(unconfined, steps)).toEqual(['ok', 'ok']);
      await using apart = await small({ policy });
      const sleeping = await apart.spawn('sleep', [], { stdio: 'ignore' });
      expect(await attempt(apart, [['signal', String(sleeping.pid)]])).toEqual(['ok']);
      await sleeping.kill('SIGKILL');
      await sleeping.wait();
    });

    test('abstract sockets of the host are out of reach', async () => {
      // As long as a name can be: Node.js 20 fills the rest with zeros, which are part of it.
      const name = idFor('abstract').padEnd(107, '-');
      const server = createServer().listen(`\0${name}`);
      const steps: Step[] = [
        ['connect', `@${name}`],
        ['listen', `@${idFor('own')}`],
        ['connect', `@${idFor('own')}`],
      ];
      try {
        await using sharing = await small({ policy, network: 'host' });
        expect(await attempt(sharing, steps)).toEqual(['EPERM', 'ok', 'ok']);
        await using unconfined = await small({ network: 'host' });
        expect(await attempt(unconfined, steps)).toEqual(['ok', 'ok', 'ok']);
      } finally {
        server.close();
      }
    });
  });
});
