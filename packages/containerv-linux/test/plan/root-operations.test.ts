import type { ContainerOptions } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import type { RootOperation } from '../../src/plan/operation.js';
import { type RootContext, rootOperations } from '../../src/plan/root-operations.js';
import { CONTEXT, HOST, WITHOUT_DISK } from '../support/root-context.js';
import { specOf } from '../support/spec.js';
import { thrownBy } from '../support/thrown.js';

const CONTAINED = ['nosuid', 'nodev'];
const READONLY = ['nosuid', 'nodev', 'readonly'];

function operationsFor(options: ContainerOptions, context: RootContext = CONTEXT): RootOperation[] {
  return rootOperations(specOf(options), context);
}

function overlays(operations: readonly RootOperation[]): Readonly<Record<string, string>>[] {
  return operations.flatMap((each) =>
    each.op === 'overlay'
      ? [
          {
            lowerdir: each.lower.join(':'),
            ...(each.upper === '' ? {} : { upperdir: each.upper, workdir: each.work }),
            ...(each.userAttributes ? { userxattr: '' } : {}),
            ...(each.volatile ? { volatile: '' } : {}),
          },
        ]
      : [],
  );
}

describe("rootfs: 'host'", () => {
  const writables = ['overlay', 'tmpfs', false] as const;
  const listed = [...HOST.system, ...HOST.stores, ...HOST.etc];
  const hostOperations = (writable: (typeof writables)[number]): RootOperation[] =>
    operationsFor({ writable }, writable === 'overlay' ? CONTEXT : WITHOUT_DISK);
  /** Where the skeleton of the root is laid out. */
  const baseOf = (writable: (typeof writables)[number]): string =>
    writable === false ? 'root' : 'generated';

  test.for(writables)('writable: %s shows nothing of the host but what is listed', (writable) => {
    const shown = hostOperations(writable).flatMap((each) => {
      if (each.op === 'bind') return [each.source];
      return each.op === 'overlay' ? each.lower : [];
    });
    const own = 'generated';
    const expected = listed.flatMap(({ path, kind }) => (kind === 'link' ? [] : [path]));
    expect(shown.filter((path) => path !== own).sort()).toEqual(expected.sort());
  });

  test.for(writables)(
    'writable: %s never makes /etc, a store, or a file of the host writable',
    (writable) => {
      for (const each of hostOperations(writable))
        if (each.op === 'bind') expect(each.attributes).toEqual(READONLY);
      const writes = overlays(hostOperations(writable)).filter((options) => 'upperdir' in options);
      expect(writes.filter((options) => /^\/(etc|nix)/.test(options['lowerdir'] ?? ''))).toEqual([]);
    },
  );

  test.for(writables)('writable: %s has homes of its own, empty, and the files made for it', (writable) => {
    const operations = hostOperations(writable);
    const base = baseOf(writable);
    for (const path of ['/root', '/home', '/var/lib', '/run']) {
      const mode = path === '/root' ? 0o700 : 0o755;
      expect(operations).toContainEqual({ op: 'mkdir', place: 'staging', path: `${base}${path}`, mode });
    }
    expect(operations).toContainEqual({
      op: 'file',
      place: 'staging',
      path: `${base}/etc/hostname`,
      flags: [],
      content: 'box\n',
    });
  });

  test.for(writables)(
    'writable: %s has a place for all that is mounted, before the root is opened',
    (writable) => {
      const operations = hostOperations(writable);
      const opened = operations.findIndex(({ op }) => op === 'open-root');
      const made = operations
        .slice(0, opened)
        .flatMap((each) =>
          'path' in each && 'place' in each && each.op !== 'mount' && each.op !== 'overlay'
            ? [each.path]
            : [],
        );
      const base = baseOf(writable);
      const own = ['/proc', '/dev', '/sys', '/tmp'];
      for (const path of [...listed.map((entry) => entry.path), ...own])
        expect(made).toContain(`${base}${path}`);
      // All that comes into the open root goes where something is, which may not be a link.
      for (const each of operations.slice(opened + 1)) {
        if ('place' in each && each.place === 'staging') continue;
        expect(each).toHaveProperty('flags', expect.arrayContaining(['no-symlinks']));
        expect(each).not.toHaveProperty('flags', expect.arrayContaining(['create']));
      }
    },
  );

  test.for(writables)('writable: %s keeps links of the host as they are', (writable) => {
    const operations = hostOperations(writable);
    const base = baseOf(writable);
    const link = { op: 'symlink', place: 'staging' };
    expect(operations).toContainEqual({ ...link, path: `${base}/bin`, target: 'usr/bin' });
    expect(operations).toContainEqual({
      ...link,
      path: `${base}/etc/localtime`,
      target: '/usr/share/zoneinfo/UTC',
    });
  });

  test('overlay: changes of all parts are one tree, and each part has its own work directory', () => {
    expect(overlays(hostOperations('overlay'))).toEqual([
      {
        lowerdir: 'generated',
        upperdir: '/data/box/upper',
        workdir: '/data/box/work/root',
      },
      { lowerdir: '/usr', upperdir: '/data/box/upper/usr', workdir: '/data/box/work/usr' },
      { lowerdir: '/lib64', upperdir: '/data/box/upper/lib64', workdir: '/data/box/work/lib64' },
    ]);
  });

  test('tmpfs: nothing is written to the disk, and one bounded memory is for all', () => {
    const operations = hostOperations('tmpfs');
    const memory = 'memory';
    expect(overlays(operations).map(({ upperdir, workdir }) => [upperdir, workdir])).toEqual(
      ['root', 'usr', 'lib64'].map((name) => [
        name === 'root' ? `${memory}/upper` : `${memory}/upper/${name}`,
        `${memory}/work/${name}`,
      ]),
    );
    const tmpfs = operations.flatMap((each) => (each.op === 'mount' && each.type === 'tmpfs' ? [each] : []));
    expect(tmpfs).toHaveLength(1);
    expect(tmpfs[0]).toMatchObject({ place: 'staging', path: 'memory', options: { size: '4096' } });
    const first = operations.findIndex((each) => 'path' in each && each.path.startsWith('memory/'));
    expect(operations.findIndex((each) => 'path' in each && each.path === 'memory')).toBeLessThan(first);
  });

  test('below which something is mounted is read-only where an overlay cannot cover it', () => {
    const host = { ...HOST, system: [{ path: '/usr', kind: 'directory', covered: true } as const] };
    const context = { ...CONTEXT, host };
    expect(overlays(operationsFor({}, context))).toHaveLength(1);
    expect(operationsFor({}, context)).toContainEqual({
      op: 'bind',
      path: '/usr',
      source: '/usr',
      flags: ['no-symlinks', 'recursive'],
      attributes: READONLY,
    });
    expect(overlays(operationsFor({ namespaces: { user: false } }, context))).toHaveLength(2);
  });

  test('false: there is no overlay, and the root is a bounded tmpfs', () => {
    const operations = hostOperations(false);
    expect(overlays(operations)).toEqual([]);
    expect(operations[0]).toMatchObject({
      op: 'mount',
      path: 'root',
      type: 'tmpfs',
      options: { size: '4096' },
    });
  });
});

describe('a directory', () => {
  const rootfs = '/srv/root';

  test('overlay: files of our own are the topmost layer', () => {
    expect(operationsFor({ rootfs })).toEqual([
      { op: 'file', place: 'staging', path: 'generated/etc/hostname', flags: [], content: 'box\n' },
      {
        op: 'overlay',
        place: 'staging',
        path: 'root',
        flags: ['no-symlinks'],
        attributes: CONTAINED,
        lower: ['generated', '/srv/root'],
        upper: '/data/box/upper',
        work: '/data/box/work/root',
        userAttributes: false,
        volatile: false,
      },
      { op: 'open-root' },
    ]);
  });

  test.for(['overlay', false] as const)('writable: %s takes 499 layers, and no more', (writable) => {
    const layers = Array.from({ length: 500 }, (_, index) => ({
      type: 'directory' as const,
      source: `/layer/${index}`,
    }));
    const [overlay] = operationsFor({ layers: layers.slice(1), writable }).flatMap((each) =>
      each.op === 'overlay' ? [each] : [],
    );
    expect(overlay?.lower).toHaveLength(500);
    expect(() => operationsFor({ layers, writable })).toThrow(/500 layers.*has 1 too many/);
  });

  test('tmpfs: writes go to memory, which is bounded', () => {
    const operations = operationsFor({ rootfs, writable: 'tmpfs' }, WITHOUT_DISK);
    expect(operations).toContainEqual({
      op: 'mount',
      place: 'staging',
      path: 'memory',
      flags: ['create'],
      type: 'tmpfs',
      source: 'root',
      attributes: CONTAINED,
      options: { mode: '0755', size: '4096' },
    });
    expect(overlays(operations)).toEqual([
      {
        lowerdir: 'generated:/srv/root',
        upperdir: 'memory/upper',
        workdir: 'memory/work/root',
      },
    ]);
    const position = (wanted: string): number =>
      operations.findIndex((each) => 'path' in each && each.path === wanted);
    expect(position('memory')).toBeLessThan(position('memory/upper'));
    expect(position('memory/work/root')).toBeLessThan(position('root'));
  });

  test.for(['direct', false] as const)('%s: it is bound as it is, with what is mounted below', (writable) => {
    expect(operationsFor({ rootfs, writable }, WITHOUT_DISK)).toEqual([
      {
        op: 'bind',
        place: 'staging',
        path: 'root',
        source: rootfs,
        flags: ['recursive'],
        attributes: CONTAINED,
      },
      { op: 'open-root' },
    ]);
  });

  test('in a user namespace overlay keeps its marks in user attributes', () => {
    const [options] = overlays(operationsFor({ rootfs }, { ...CONTEXT, userAttributes: true }));
    expect(options).toHaveProperty('userxattr', '');
    expect(overlays(operationsFor({ rootfs }))[0]).not.toHaveProperty('userxattr');
  });
});

test('what need not outlive the container is not brought to the disk, where there is anything to bring', () => {
  const rootfs = '/srv/root';
  const volatile = { ...CONTEXT, volatile: true };
  expect(overlays(operationsFor({ rootfs }, volatile))[0]).toHaveProperty('volatile');
  expect(overlays(operationsFor({ rootfs }))[0]).not.toHaveProperty('volatile');
  const layers = [
    { type: 'directory', source: rootfs },
    { type: 'directory', source: '/srv/other' },
  ] as const;
  expect(overlays(operationsFor({ layers, writable: false }, volatile))[0]).not.toHaveProperty('volatile');
});

describe('layers', () => {
  const layers = [
    { type: 'directory', source: '/layers/base' },
    { type: 'host-directory', source: '/srv/tools', target: '/opt/tools', readonly: true },
    { type: 'overlay', source: '/layers/changes' },
    { type: 'host-directory', source: '/srv/cache', target: '/cache', readonly: false },
  ] as const;

  test('given lowest first, overlayfs gets the topmost first', () => {
    expect(overlays(operationsFor({ layers }))[0]?.['lowerdir']).toBe(
      'generated:/layers/changes:/layers/base',
    );
  });

  test('read-only layers are an overlay without an upper directory', () => {
    const operations = operationsFor({ layers: [layers[0], layers[2]], writable: false }, WITHOUT_DISK);
    expect(overlays(operations)).toEqual([{ lowerdir: 'open:/layers/changes:/layers/base' }]);
    expect(operations.at(-1)).toEqual({ op: 'open-root' });
  });

  test('directories of the host are bound into the open root, in order', () => {
    const operations = operationsFor({ layers });
    expect(operations.slice(operations.findIndex(({ op }) => op === 'open-root') + 1)).toEqual([
      {
        op: 'bind',
        path: '/opt/tools',
        source: '/srv/tools',
        flags: ['recursive', 'create'],
        attributes: READONLY,
      },
      {
        op: 'bind',
        path: '/cache',
        source: '/srv/cache',
        flags: ['recursive', 'create'],
        attributes: CONTAINED,
      },
    ]);
  });

  test('in a read-only root no mount point is made', () => {
    const binds = operationsFor({ layers, writable: false }, WITHOUT_DISK).filter(
      (each) => each.op === 'bind' && each.place === undefined,
    );
    expect(binds).toHaveLength(2);
    for (const each of binds) expect(each).toMatchObject({ flags: ['recursive'] });
  });

  test('there has to be one that can be the root', () => {
    const error = thrownBy(() => operationsFor({ layers: [layers[1]] }));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_INVALID_OPTION' });
    expect(error.hint).toContain("'directory'");
  });
});

test('what overlayfs would take for syntax goes to init as it is, which names directories by descriptor', () => {
  const directory = '/data/a:b\\c';
  const operations = operationsFor({ rootfs: '/srv/a:b\\c' }, { ...CONTEXT, directory });
  expect(operations.find(({ op }) => op === 'overlay')).toMatchObject({
    lower: ['generated', '/srv/a:b\\c'],
    upper: '/data/a:b\\c/upper',
    work: '/data/a:b\\c/work/root',
  });
});
