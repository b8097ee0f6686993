import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Container, type ContainerOptions, createContainer } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { attempt, small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { describeAsRoot, describeAsUser } from '../support/privilege.js';
import { probe } from '../support/probe.js';
import { startProgram } from '../support/program.js';
import { pruneAll } from '../support/remains.js';
import { makeRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';
import { isRoot } from '../support/suite.js';

type Layers = NonNullable<ContainerOptions['layers']>;

const MAKERS = {
  erofs: ['mkfs.erofs', (image: string, tree: string) => ['--quiet', image, tree], 'erofs-utils'],
  squashfs: [
    'mksquashfs',
    (image: string, tree: string) => [tree, image, '-quiet', '-no-progress'],
    'squashfs-tools',
  ],
} as const;

type Format = keyof typeof MAKERS;

function hasMaker(format: Format): boolean {
  const [command] = MAKERS[format];
  return (process.env['PATH'] ?? '').split(':').some((directory) => {
    try {
      return readdirSync(directory).includes(command);
    } catch {
      return false;
    }
  });
}

function makeImage(format: Format, tree: string): string {
  const image = scratchPath(`${format}.img`);
  const [command, args] = MAKERS[format];
  execFileSync(command, args(image, tree), { stdio: 'ignore' });
  return image;
}

/** Loop devices that have a file of this test. */
function loops(image: string): string[] {
  return readdirSync('/sys/block').filter((name) => {
    try {
      return (
        name.startsWith('loop') &&
        readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8').includes(image)
      );
    } catch {
      return false;
    }
  });
}

describe.for(Object.keys(MAKERS) as Format[])('a layer of type image: %s', (format) => {
  const missing = !hasMaker(format);
  const title = missing ? ` (skipped: needs ${MAKERS[format][2]})` : '';

  describeAsRoot(`as root${title}`, () => {
    test.skipIf(missing)('is a root, alone or below others, for several containers at once', async () => {
      const root = makeRoot();
      writeFileSync(path.join(root, 'srv/of-image'), 'x');
      writeFileSync(path.join(root, 'srv/gone'), '');
      const image = makeImage(format, root);
      const upper = scratchPath('upper');
      mkdirSync(path.join(upper, 'srv'), { recursive: true });
      writeFileSync(path.join(upper, 'srv/of-directory'), '');
      const layers: Layers = [
        { type: 'image', source: image },
        { type: 'overlay', source: upper },
      ];
      const shapes: ContainerOptions[] = [
        { layers },
        { layers, writable: 'tmpfs' },
        { layers, writable: false },
        { layers, namespaces: { user: false } },
        { layers: layers.slice(0, 1), writable: false },
      ];
      const containers = await Promise.all(shapes.map(async (shape) => createContainer(shape)));
      const [first] = containers as [Container];
      expect(await attempt(first, [['unlink', '/srv/gone']])).toEqual(['ok']);
      expect(await first.changes()).toEqual([{ path: '/srv/gone', kind: 'deleted' }]);
      for (const [index, container] of containers.entries()) {
        const found = await attempt(container, [
          ['read', '/srv/of-image'],
          ['exists', '/srv/of-directory'],
        ]);
        expect(found).toEqual(['ok', index === 4 ? 'ENOENT' : 'ok']);
        const seen = await probe(container);
        expect(seen.mountAt('/')?.options).toEqual(expect.arrayContaining(['nosuid', 'nodev']));
      }
      await Promise.all(containers.map(async (container) => container.destroy()));
      await eventually(() => expect(loops(image)).toEqual([]));
    });

    test.skipIf(missing)('is let go when its owner is killed', async () => {
      const image = makeImage(format, makeRoot());
      const options = JSON.stringify({ layers: [{ type: 'image', source: image }] });
      const program = startProgram('hold', [options], { env: {} });
      await program.said('all');
      program.child.kill('SIGKILL');
      await program.ended;
      await eventually(() => expect(loops(image)).toEqual([]));
      await pruneAll();
    });

    test.skipIf(missing)('that is cut short is refused, and let go', async () => {
      const image = makeImage(format, makeRoot());
      truncateSync(image, 3000);
      await failure(createContainer({ layers: [{ type: 'image', source: image }] }), {
        code: 'ERR_CONTAINERV_LAYER',
        message: /./,
      });
      await eventually(() => expect(loops(image)).toEqual([]));
    });
  });
});

describeAsRoot('what is no image', () => {
  test.for(['', 'x'.repeat(5000), '#!/bin/sh\n'])('%j is refused', async (text) => {
    const source = scratchPath('file');
    writeFileSync(source, text);
    await failure(createContainer({ layers: [{ type: 'image', source }] }), {
      code: 'ERR_CONTAINERV_LAYER',
      step: 'mount image',
      path: source,
      hint: /squashfs or erofs/,
    });
  });

  test.for(['/', '/dev/null', '/nowhere'])('%s is refused', async (source) => {
    await failure(createContainer({ layers: [{ type: 'image', source }] }), {
      code: /LAYER|NOT_FOUND/,
      step: 'mount image',
      path: source,
    });
  });
});

describeAsUser('an image without root', () => {
  test('is refused, and says what to do instead', async () => {
    const source = scratchPath('file');
    writeFileSync(source, Buffer.concat([Buffer.from('hsqs'), Buffer.alloc(5000)]));
    await failure(createContainer({ layers: [{ type: 'image', source }] }), {
      code: 'ERR_CONTAINERV_PERMISSION',
      step: 'mount image',
      hint: /unsquashfs/,
    });
  });
});

describe('layers', () => {
  test('as many as somebody likes, of names that mount options would trip over', async () => {
    const layers: Layers = [
      { type: 'directory', source: makeRoot() },
      ...Array.from({ length: 150 }, (_, index): Layers[number] => {
        const source = scratchPath(`a:b,c\\d=e ${'x'.repeat(60)}`);
        mkdirSync(path.join(source, 'srv'), { recursive: true });
        writeFileSync(path.join(source, 'srv', `of-${index}`), '');
        writeFileSync(path.join(source, 'srv/top'), String(index));
        return { type: 'overlay', source };
      }),
    ];
    await using container = await small({ layers });
    const { stdout } = await container.run('directory', ['/srv']);
    expect((JSON.parse(stdout) as { entries: string[] }).entries).toHaveLength(151);
  });

  test('as many as an overlay of this kernel takes, and one more is refused before anything is made', async () => {
    const layers = Array.from({ length: 500 }, (_, index): Layers[number] => {
      const source = scratchPath('layer');
      mkdirSync(path.join(source, 'srv'), { recursive: true });
      writeFileSync(path.join(source, 'srv', `of-${index}`), '');
      return { type: 'overlay', source };
    });
    await using container = await createContainer({ layers: layers.slice(1) });
    expect((await container.run('sh', ['-c', 'ls /srv | wc -l'])).stdout).toBe('499\n');
    const state = process.env['CONTAINERV_STATE_DIR'] ?? '';
    const before = readdirSync(state);
    await failure(createContainer({ layers }), {
      code: 'ERR_CONTAINERV_LAYER',
      step: 'compose root',
      message: /takes 500 layers.* 1 too many/,
    });
    expect(readdirSync(state)).toEqual(before);
  });

  test('host directories lie over the host’s own system too', async () => {
    const changes = scratchPath('changes');
    mkdirSync(path.join(changes, 'srv'), { recursive: true });
    const shared = scratchPath('shared');
    mkdirSync(shared);
    await using container = await createContainer({
      layers: [
        { type: 'overlay', source: changes },
        { type: 'host-directory', source: shared, target: '/workspace' },
        { type: 'host-directory', source: shared, target: '/open', readonly: false },
      ],
    });
    await container.run('sh', ['-c', 'echo > /open/made']);
    await failure(container.run('sh', ['-c', 'echo > /workspace/other']), { code: 'ERR_CONTAINERV_RUN' });
    expect(readdirSync(shared)).toEqual(['made']);
  });
});

describeAsRoot('a layer that other tools made', () => {
  test.for([true, false])('replaces directories, user namespace %s', async (user) => {
    const base = makeRoot();
    mkdirSync(path.join(base, 'srv/a/b'), { recursive: true });
    writeFileSync(path.join(base, 'srv/a/b/lower'), '');
    const layer = scratchPath('layer');
    mkdirSync(path.join(layer, 'srv/a/b'), { recursive: true });
    writeFileSync(path.join(layer, 'srv/a/b/upper'), '');
    execFileSync('python3', [
      '-c',
      "import os, sys; os.setxattr(sys.argv[1], 'trusted.overlay.opaque', b'y')",
      path.join(layer, 'srv/a/b'),
    ]);
    execFileSync('mknod', [path.join(layer, 'srv/gone'), 'c', '0', '0']);
    writeFileSync(path.join(base, 'srv/gone'), '');
    const layers: Layers = [
      { type: 'directory', source: base },
      { type: 'overlay', source: layer },
    ];
    await using container = await small({ layers, namespaces: { user } });
    const found = await attempt(container, [
      ['exists', '/srv/a/b/lower'],
      ['exists', '/srv/a/b/upper'],
      ['exists', '/srv/gone'],
    ]);
    expect(found).toEqual(['ENOENT', 'ok', 'ENOENT']);
  });
});

test.skipIf(!isRoot)(
  'a layer deeper than any path is refused (skipped without root: marks are)',
  async () => {
    const layer = scratchPath('layer');
    mkdirSync(path.join(layer, 'srv'), { recursive: true });
    execFileSync('perl', [
      '-e',
      'chdir $ARGV[0]; for (1 .. 3000) { mkdir "d"; chdir "d" or die "$!" }',
      layer,
    ]);
    await failure(createContainer({ layers: [{ type: 'overlay', source: layer }] }), {
      code: 'ERR_CONTAINERV_LAYER',
      message: /deeper than any path/,
    });
    // Node cannot.
    execFileSync('rm', ['-rf', layer]);
  },
);
