import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type ContainerOptions, createContainer } from 'containerv-linux';
import { afterEach, describe, expect, test } from 'vitest';
import { small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { describeAsRoot } from '../support/privilege.js';
import { keptIds } from '../support/remains.js';
import { makeRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';

afterEach(() => expect(keptIds(), 'left by a creation that failed').toEqual([]));

describe('a root', () => {
  test('that does not exist', async () => {
    await failure(small({ rootfs: '/no/such/root' }), {
      code: 'ERR_CONTAINERV_LAYER',
      step: 'open root',
      syscall: 'stat',
      errno: 'ENOENT',
      path: '/no/such/root',
      hint: /directory on the host that holds a whole system/,
    });
  });

  test('that is a file', async () => {
    const rootfs = scratchPath('archive.tar');
    writeFileSync(rootfs, '');
    await failure(small({ rootfs }), {
      code: 'ERR_CONTAINERV_LAYER',
      step: 'open root',
      errno: 'ENOTDIR',
      path: rootfs,
      hint: /Unpack/,
    });
  });

  test.for(['proc', 'sys', 'dev'])('that lacks /%s, where it cannot be made', async (name) => {
    const rootfs = makeRoot('lacking', [name]);
    await failure(small({ rootfs, writable: false }), {
      code: 'ERR_CONTAINERV_LAYER',
      step: name === 'dev' ? 'mount tmpfs' : name === 'sys' ? 'mount sysfs' : 'mount proc',
      errno: 'ENOENT',
      path: `/${name}`,
      message: new RegExp(`The root has no directory '/${name}'`),
      hint: /writable: 'overlay'/,
    });
    await using container = await small({ rootfs });
    expect(container.state).toBe('running');
  });

  test('of layers, one of which does not exist or is a file', async () => {
    const file = scratchPath('file');
    writeFileSync(file, '');
    for (const [source, errno] of [
      ['/no/such/layer', 'ENOENT'],
      [file, 'ENOTDIR'],
    ] as const) {
      const layers = [makeRoot(), source].map((each) => ({ type: 'directory', source: each }) as const);
      await failure(createContainer({ layers }), {
        code: 'ERR_CONTAINERV_LAYER',
        step: 'open root',
        errno,
        path: source,
      });
    }
  });

  test.for<readonly [string, ContainerOptions, RegExp]>([
    [
      'both a directory and layers',
      { rootfs: '/', layers: [{ type: 'directory', source: '/' }] },
      /exclude each other/,
    ],
    ['no layers', { layers: [] }, /at least one layer/],
    [
      'layers that are all mounts',
      { layers: [{ type: 'host-directory', source: '/srv', target: '/srv' }] },
      /can be the root/,
    ],
    ['the host’s own, writable directly', { writable: 'direct' }, /needs a `rootfs` directory/],
  ])('of %s', async ([, options, message]) => {
    await failure(createContainer(options), { code: /INVALID_OPTION|UNSUPPORTED/, message });
  });
});

describeAsRoot('an image', () => {
  test('that does not exist', async () => {
    await failure(createContainer({ layers: [{ type: 'image', source: '/no/such.squashfs' }] }), {
      code: 'ERR_CONTAINERV_LAYER',
      step: 'mount image',
      errno: 'ENOENT',
      path: '/no/such.squashfs',
    });
  });
});

describe('a mount', () => {
  test('of a source that does not exist', async () => {
    await failure(small({ mounts: [{ source: '/no/such/source', target: '/work' }] }), {
      code: 'ERR_CONTAINERV_NOT_FOUND',
      step: 'open mount source',
      syscall: 'open',
      errno: 'ENOENT',
      path: '/no/such/source',
      hint: /on the host/,
    });
  });

  test('of a directory onto a file, or the other way round', async () => {
    const file = scratchPath('file');
    writeFileSync(file, '');
    const directory = scratchPath('directory');
    mkdirSync(directory);
    await failure(small({ mounts: [{ source: directory, target: '/etc/passwd' }] }), {
      code: /^ERR_CONTAINERV_/,
      errno: 'ENOTDIR',
      path: '/etc/passwd',
      hint: /./,
    });
    await failure(small({ mounts: [{ source: file, target: '/srv' }] }), {
      code: /^ERR_CONTAINERV_/,
      errno: /^(EISDIR|ENOTDIR)$/,
      path: '/srv',
      hint: /./,
    });
  });

  test.for<readonly [string, object, RegExp]>([
    ['of /', { source: '/srv', target: '/' }, /target/],
    ['over /proc', { source: '/srv', target: '/proc' }, /target.*\/proc/],
    ['below /proc, however written', { source: '/srv', target: '//proc/./sys' }, /target.*\/proc/],
    ['onto a relative target', { source: '/srv', target: 'work' }, /absolute/],
    ['onto one with ..', { source: '/srv', target: '/work/../../etc' }, /target/],
    ['without a target', { source: '/srv' }, /target/],
    ['without a source', { target: '/srv' }, /source/],
    ['of an unknown type', { source: '/srv', target: '/srv', type: 'bnd' }, /type/],
    ['of a size that is none', { type: 'tmpfs', target: '/srv', size: '12Q' }, /12Q/],
    ['of a tmpfs with a source', { type: 'tmpfs', source: '/srv', target: '/srv' }, /bind/],
    ['with an unknown name', { source: '/srv', target: '/srv', readOnly: true }, /readOnly/],
  ])('%s', async ([, mount, message]) => {
    await failure(small({ mounts: [mount as NonNullable<ContainerOptions['mounts']>[number]] }), {
      code: 'ERR_CONTAINERV_INVALID_OPTION',
      message,
    });
  });
});

describe('places on the host', () => {
  const withPlaces = async (state: string, data: string, body: () => Promise<void>): Promise<void> => {
    const before = [process.env['CONTAINERV_STATE_DIR'], process.env['CONTAINERV_DATA_DIR']];
    process.env['CONTAINERV_STATE_DIR'] = state;
    process.env['CONTAINERV_DATA_DIR'] = data;
    try {
      await body();
    } finally {
      [process.env['CONTAINERV_STATE_DIR'], process.env['CONTAINERV_DATA_DIR']] = before;
    }
  };

  test('that are relative', async () => {
    await withPlaces('relative/state', scratchPath('data'), async () => {
      await failure(small(), {
        code: 'ERR_CONTAINERV_INVALID_OPTION',
        message: /CONTAINERV_STATE_DIR.*absolute/,
      });
    });
  });

  test('that somebody else could write to', async () => {
    const open = scratchPath('open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    await withPlaces(open, scratchPath('data'), async () => {
      await failure(small(), { code: 'ERR_CONTAINERV_PERMISSION', path: open, hint: /CONTAINERV_STATE_DIR/ });
    });
    await withPlaces(scratchPath('state'), open, async () => {
      await failure(small(), { code: 'ERR_CONTAINERV_PERMISSION', path: open, hint: /CONTAINERV_DATA_DIR/ });
    });
  });

  test('that are files', async () => {
    const file = scratchPath('file');
    writeFileSync(file, '');
    await withPlaces(file, scratchPath('data'), async () => {
      await failure(small(), { code: /^ERR_CONTAINERV_/, path: file, hint: /CONTAINERV_STATE_DIR/ });
    });
  });

  test('that can be on a path longer than a socket’s name', async () => {
    const deep = path.join(scratchPath('state'), 'x'.repeat(120), 'y'.repeat(120));
    await withPlaces(deep, scratchPath('data'), async () => {
      await using container = await small();
      expect((await container.run('echo', ['deep'])).stdout).toBe('deep\n');
    });
  });
});
