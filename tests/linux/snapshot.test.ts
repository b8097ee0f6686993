import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type Change, type Container, createContainer, joinContainer } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { describeAsRoot } from '../support/privilege.js';
import { scratchPath } from '../support/scratch.js';
import { isRoot } from '../support/suite.js';

/** A whole system made of the host’s, with files of our own below /srv: what a container of any user can change. */
async function make(lower: Readonly<Record<string, string>> = {}): Promise<Container> {
  const base = scratchPath('base');
  for (const [name, text] of Object.entries(lower)) {
    mkdirSync(path.dirname(path.join(base, name)), { recursive: true });
    writeFileSync(path.join(base, name), text);
  }
  mkdirSync(path.join(base, 'srv'), { recursive: true });
  return createContainer({ layers: [{ type: 'overlay', source: base }] });
}

async function sh(container: Container, script: string): Promise<string> {
  return (await container.run('sh', ['-euc', script])).stdout.trim();
}

const listed = (changes: readonly Change[]): string[] => changes.map(({ path: at, kind }) => `${kind} ${at}`);

describe('changes()', () => {
  test('of a new container are none, and stay none when it only reads', async () => {
    await using container = await createContainer();
    await sh(container, 'cat /etc/hosts /usr/bin/env > /dev/null; touch /tmp/file /dev/shm/file');
    expect(await container.changes()).toEqual([]);
  });

  test('are what was added, modified and deleted', async () => {
    await using container = await make({
      'srv/kept': '',
      'srv/changed': '',
      'srv/gone': '',
      'srv/dir/in': '',
    });
    await sh(
      container,
      `cd /srv; echo > changed; rm gone; rm -r dir; mkdir -p new/deep; echo > new/deep/file; echo >> /etc/hosts; ln -s x /root/link`,
    );
    expect(listed(await container.changes())).toEqual([
      'modified /etc/hosts',
      'added /root/link',
      'modified /srv/changed',
      'deleted /srv/dir',
      'deleted /srv/gone',
      'added /srv/new',
      'added /srv/new/deep',
      'added /srv/new/deep/file',
    ]);
  });

  test('of a directory that replaces another are what is not there any more', async () => {
    await using container = await make({ 'srv/dir/same': 'x', 'srv/dir/gone': '', 'srv/dir/sub/deep': '' });
    await sh(
      container,
      'cd /srv; rm -r dir; mkdir -p dir/sub; echo new > dir/same; echo > dir/added; echo > dir/sub/other',
    );
    expect(listed(await container.changes())).toEqual([
      'modified /srv/dir',
      'added /srv/dir/added',
      'deleted /srv/dir/gone',
      'modified /srv/dir/same',
      'deleted /srv/dir/sub/deep',
      'added /srv/dir/sub/other',
    ]);
  });

  test('of kind and mode count, also of a file that became a directory and the other way round', async () => {
    await using container = await make({ 'srv/file': '', 'srv/dir/x': '', 'srv/mode/x': '' });
    await sh(container, 'cd /srv; rm file; mkdir file; rm -r dir; echo > dir; chmod 700 mode');
    expect(listed(await container.changes())).toEqual([
      'modified /srv/dir',
      'modified /srv/file',
      'modified /srv/mode',
    ]);
  });

  test('are looked up through all layers, with their white-outs', async () => {
    await using first = await make({ 'srv/lower': '', 'srv/hidden': '' });
    await sh(first, 'cd /srv; rm hidden; echo > upper');
    const layer = await first.snapshot(scratchPath('layer'));
    const [lowest] = (await lowerOf(first)).slice(-1);
    await using second = await createContainer({
      layers: [{ type: 'overlay', source: lowest ?? '' }, layer],
    });
    expect(await sh(second, 'cd /srv; echo *')).toBe('lower upper');
    await sh(second, 'cd /srv; echo > hidden; echo > upper; rm lower');
    expect(listed(await second.changes())).toEqual([
      'added /srv/hidden',
      'deleted /srv/lower',
      'modified /srv/upper',
    ]);
  });

  test('are told by who joins, running or stopped', async () => {
    await using container = await createContainer({ detached: true });
    await sh(container, 'echo > /root/x');
    const joined = await joinContainer(container.id);
    expect(await joined.changes()).toEqual([{ path: '/root/x', kind: 'added' }]);
    await container.stop({ timeout: 0 });
    expect(await container.changes()).toEqual([{ path: '/root/x', kind: 'added' }]);
  });

  test('are not known of a root that is read-only', async () => {
    await using container = await small({ writable: false });
    const expected = { code: 'ERR_CONTAINERV_UNSUPPORTED', hint: /writable/ };
    await failure(container.changes(), expected);
    await failure(container.snapshot(scratchPath('never')), expected);
  });

  test('are looked up through as many layers as an overlay takes', async () => {
    const layers = Array.from({ length: 300 }, (_, index) => {
      const source = scratchPath('layer');
      mkdirSync(path.join(source, 'srv'), { recursive: true });
      writeFileSync(path.join(source, 'srv', `of-${index}`), '');
      return { type: 'overlay', source } as const;
    });
    await using container = await createContainer({ layers });
    await sh(container, 'cd /srv; rm of-0; echo > of-150; echo > new; chmod 711 of-299');
    expect(listed(await container.changes())).toEqual([
      'added /srv/new',
      'deleted /srv/of-0',
      'modified /srv/of-150',
      'modified /srv/of-299',
    ]);
  });

  test('are gone with the container', async () => {
    const container = await small();
    await container.destroy();
    await failure(container.changes(), { code: 'ERR_CONTAINERV_STATE', message: /destroyed/ });
    await failure(container.snapshot(scratchPath('never')), { code: 'ERR_CONTAINERV_STATE' });
  });
});

/** The directories that a container's root lies on, as its state says. */
async function lowerOf(container: Container): Promise<string[]> {
  const state = process.env['CONTAINERV_STATE_DIR'] ?? '';
  const record = JSON.parse(readFileSync(path.join(state, container.id, 'state.json'), 'utf8')) as {
    layer: { parts: { path: string; lower: { path: string }[] }[] };
  };
  return record.layer.parts[0]?.lower.map((lower) => lower.path) ?? [];
}

describe('snapshot()', () => {
  test('is a layer that any number of containers start from, none of which changes it', async () => {
    await using container = await make();
    await sh(container, 'mkdir /opt/tool; echo made > /opt/tool/file; echo "x:y" > "/srv/a:b,c\\\\d"');
    const target = scratchPath('a:b,c\\layer');
    const layer = await container.snapshot(target);
    expect(layer).toEqual({ type: 'overlay', source: target });
    const others = await Promise.all([0, 1, 2].map(async () => createContainer({ layers: [layer] })));
    for (const [index, other] of others.entries()) {
      expect(await sh(other, 'cat /opt/tool/file; ls /srv')).toBe('made\na:b,c\\d');
      await sh(other, `echo ${index} > /opt/tool/file; rm "/srv/a:b,c\\\\d"`);
    }
    for (const [index, other] of others.entries())
      expect(await sh(other, 'cat /opt/tool/file')).toBe(`${index}`);
    await Promise.all(others.map(async (other) => other.destroy()));
    expect(readFileSync(path.join(target, 'opt/tool/file'), 'utf8')).toBe('made\n');
    await using frozen = await createContainer({ layers: [layer], writable: false, user: 0 });
    expect(await sh(frozen, 'cat /opt/tool/file; stat -c %a /')).toBe('made\n755');
    await failure(frozen.run('sh', ['-c', 'echo > /opt/tool/file']), { code: 'ERR_CONTAINERV_RUN' });
  });

  test('keeps links, holes, fifos, times, modes and attributes', async () => {
    await using container = await make();
    await sh(
      container,
      `cd /srv; echo one > a; ln a b; ln -s /etc/shadow abs; ln -s ../../.. up; mkfifo fifo
       truncate -s 64M holes; printf x | dd of=holes bs=1 seek=33554432 conv=notrunc status=none
       mkdir -m 1777 sticky; chmod 6750 b; touch -d 2001-02-03T04:05:06Z a sticky; chmod 0 fifo`,
    );
    const target = scratchPath('layer');
    await container.snapshot(target);
    const at = (name: string) => lstatSync(path.join(target, 'srv', name));
    expect(at('a').ino).toBe(at('b').ino);
    expect(at('a').nlink).toBe(2);
    expect(at('a').mode & 0o7777).toBe(0o6750);
    expect(at('a').mtime.toISOString()).toBe('2001-02-03T04:05:06.000Z');
    expect(at('sticky').mtime.toISOString()).toBe('2001-02-03T04:05:06.000Z');
    expect(at('sticky').mode & 0o7777).toBe(0o1777);
    expect(at('fifo').isFIFO()).toBe(true);
    expect(at('fifo').mode & 0o7777).toBe(0);
    expect(readlinkSync(path.join(target, 'srv/abs'))).toBe('/etc/shadow');
    expect(readlinkSync(path.join(target, 'srv/up'))).toBe('../../..');
    expect(at('holes').size).toBe(2 ** 26);
    expect(at('holes').blocks * 512).toBeLessThan(2 ** 20);
    const holes = readFileSync(path.join(target, 'srv/holes'));
    expect(holes[33_554_432]).toBe(0x78);
    // Programs in it may be set-user-id: nobody else gets at them.
    expect(statSync(target).mode & 0o777).toBe(0o700);
  });

  test('keeps deletions and replaced directories', async () => {
    const lower = { 'srv/gone': '', 'srv/dir/lower': '', 'srv/kept/x': '' };
    await using container = await make(lower);
    const [base = ''] = await lowerOf(container);
    await sh(container, 'cd /srv; rm gone; rm -r dir; mkdir dir; echo > dir/upper');
    const layer = await container.snapshot(scratchPath('layer'));
    await using other = await createContainer({ layers: [{ type: 'overlay', source: base }, layer] });
    expect(await sh(other, 'cd /srv; find . | sort')).toBe('.\n./dir\n./dir/upper\n./kept\n./kept/x');
  });

  test('is there whole or not at all', async () => {
    await using container = await make();
    const parent = scratchPath('parent');
    mkdirSync(parent);
    const target = path.join(parent, 'layer');
    await sh(container, 'cd /srv; i=0; while [ $i -lt 300 ]; do mkdir d$i; echo > d$i/f; i=$((i+1)); done');
    let whole = true;
    const watch = setInterval(() => {
      if (existsSync(target)) whole &&= readdirSync(path.join(target, 'srv')).length === 300;
    }, 1);
    await container.snapshot(target);
    clearInterval(watch);
    expect(whole).toBe(true);
    expect(readdirSync(parent)).toEqual(['layer']);
    await failure(container.snapshot(target), { code: 'ERR_CONTAINERV_EXISTS', path: target });
    const file = path.join(parent, 'file');
    writeFileSync(file, 'mine');
    await failure(container.snapshot(file), { code: 'ERR_CONTAINERV_EXISTS' });
    const dangling = path.join(parent, 'link');
    symlinkSync('/nowhere/at/all', dangling);
    await failure(container.snapshot(dangling), { code: 'ERR_CONTAINERV_EXISTS' });
    await failure(container.snapshot(path.join(parent, 'none', 'layer')), {
      code: 'ERR_CONTAINERV_NOT_FOUND',
      step: 'take snapshot',
    });
    expect(readdirSync(parent).sort()).toEqual(['file', 'layer', 'link']);
  });

  test('leads nowhere while the container swaps directories and links', async () => {
    await using container = await make();
    const secret = scratchPath('secret');
    mkdirSync(secret);
    writeFileSync(path.join(secret, 'file'), 'of the host');
    const flip = await container.spawn('sh', [
      '-c',
      `cd /srv; mkdir a b; echo inside > a/file; ln -s ${secret} l
       while :; do mv a c; mv l a; mv a l; mv c a; rm -rf b; ln -s / b; rm b; mkdir b; done`,
    ]);
    const snapshots: string[] = [];
    for (let round = 0; round < 20; round++) {
      const target = scratchPath('raced');
      const taken = await container.snapshot(target).then(
        () => true,
        () => false,
      );
      if (taken) snapshots.push(target);
    }
    await flip.kill('SIGKILL');
    await flip.wait();
    for (const target of snapshots) {
      const found = execFileSync('find', [target, '-type', 'f'], { encoding: 'utf8' }).trim().split('\n');
      const texts = found.filter(Boolean).map((name) => readFileSync(name, 'utf8'));
      expect(texts.filter((text) => text !== 'inside\n')).toEqual([]);
    }
    expect(readdirSync(secret)).toEqual(['file']);
  });

  test.skipIf(!isRoot)(
    'is of one moment while processes write (skipped without root: needs a freezer)',
    async () => {
      await using container = await make();
      const states: string[] = [];
      container.on('state', (state) => states.push(state));
      // `second` is written after `first`, so it is never ahead, and at most one line behind.
      const writer = await container.spawn('sh', [
        '-c',
        'cd /srv; while :; do echo >> first; echo >> second; done',
      ]);
      await eventually(async () => expect(listed(await container.changes())).toContain('added /srv/second'));
      for (let round = 0; round < 10; round++) {
        const target = scratchPath('moment');
        await container.snapshot(target);
        const [first, second] = ['first', 'second'].map((name) =>
          Number(readFileSync(path.join(target, 'srv', name), 'utf8')),
        ) as [number, number];
        expect([0, 1]).toContain(first - second);
      }
      expect(states.slice(0, 2)).toEqual(['paused', 'running']);
      expect(container.state).toBe('running');
      await container.pause();
      await container.snapshot(scratchPath('paused'));
      expect(container.state).toBe('paused');
      await container.resume();
      await writer.kill('SIGKILL');
      await writer.wait();
    },
  );

  test('of files that its own root may not read is complete', async () => {
    await using container = await make();
    await sh(container, 'cd /srv; echo secret > none; mkdir shut; echo in > shut/file; chmod 0 none shut');
    const layer = await container.snapshot(scratchPath('layer'));
    await using other = await createContainer({ layers: [layer] });
    expect(await sh(other, 'chmod 700 /srv/none /srv/shut; cat /srv/none /srv/shut/file')).toBe('secret\nin');
    chmodSync(path.join(layer.source, 'srv/shut'), 0o700);
  });
});

describe("with `writable: 'tmpfs'`", () => {
  test('changes and snapshots are those of what is in memory', async () => {
    const lower = { 'srv/kept/x': '', 'srv/gone': '', 'srv/dir/lower': '', 'srv/mode/x': '' };
    await using disk = await make(lower);
    const [base = ''] = await lowerOf(disk);
    const layers = [{ type: 'overlay', source: base }] as const;
    await using container = await createContainer({ layers, writable: 'tmpfs', user: 0 });
    expect(await container.changes()).toEqual([]);
    await sh(
      container,
      `cd /srv; rm gone; rm -r dir; mkdir dir; echo > dir/upper; chmod 711 mode
       echo one > a; ln a b; truncate -s 64M holes; mkfifo fifo; chmod 4751 a; touch -d 2001-02-03T04:05:06Z a`,
    );
    const expected = [
      'added /srv/a',
      'added /srv/b',
      'modified /srv/dir',
      'deleted /srv/dir/lower',
      'added /srv/dir/upper',
      'added /srv/fifo',
      'deleted /srv/gone',
      'added /srv/holes',
      'modified /srv/mode',
    ];
    expect(listed(await container.changes())).toEqual(expected);
    const target = scratchPath('layer');
    const layer = await container.snapshot(target);
    expect(readdirSync(path.dirname(target)).filter((name) => name.startsWith('.containerv-'))).toEqual([]);
    const at = (name: string) => lstatSync(path.join(target, 'srv', name));
    expect([at('a').ino, at('a').nlink, at('a').mode & 0o7777]).toEqual([at('b').ino, 2, 0o4751]);
    expect([at('a').uid, at('a').gid]).toEqual([process.getuid?.(), process.getgid?.()]);
    expect(at('a').mtime.toISOString()).toBe('2001-02-03T04:05:06.000Z');
    expect([at('holes').size, at('holes').blocks]).toEqual([2 ** 26, 0]);
    await using other = await createContainer({ layers: [...layers, layer] });
    expect(await sh(other, 'cd /srv; find . | sort; cat b; stat -c %u:%g a')).toBe(
      '.\n./a\n./b\n./dir\n./dir/upper\n./fifo\n./holes\n./kept\n./kept/x\n./mode\n./mode/x\none\n0:0',
    );
    expect(await other.changes()).toEqual([]);
  });

  test('they are told to who joins, and are gone when it has stopped', async () => {
    await using container = await createContainer({ writable: 'tmpfs', detached: true });
    await sh(container, 'echo > /root/x');
    const joined = await joinContainer(container.id);
    expect(await joined.changes()).toEqual([{ path: '/root/x', kind: 'added' }]);
    const layer = await joined.snapshot(scratchPath('layer'));
    expect(existsSync(path.join(layer.source, 'root/x'))).toBe(true);
    await container.stop({ timeout: 0 });
    const gone = { code: 'ERR_CONTAINERV_STATE', message: /went with its processes/ };
    await failure(container.changes(), gone);
    await failure(container.snapshot(scratchPath('never')), gone);
    await container.start();
    expect(await container.changes()).toEqual([]);
  });
});

describeAsRoot('snapshots of root', () => {
  test('have the owners of the container, and extended attributes', async () => {
    await using container = await createContainer();
    await sh(
      container,
      `cd /root; echo > theirs; chown 1000:1001 theirs; mkdir dir; chown 33 dir; ln -s x link; chown -h 7:8 link`,
    );
    const target = scratchPath('layer');
    const layer = await container.snapshot(target);
    const owners = ['theirs', 'dir', 'link'].map((name) => {
      const { uid, gid } = lstatSync(path.join(target, 'root', name));
      return [uid, gid];
    });
    expect(owners).toEqual([
      [1000, 1001],
      [33, 0],
      [7, 8],
    ]);
    await using other = await createContainer({ layers: [layer] });
    expect(await sh(other, "cd /root; stat -c '%u %g' theirs dir link")).toBe('1000 1001\n33 0\n7 8');
    expect(await other.changes()).toEqual([]);
  });

  test.for([true, false])('of memory have the owners of the container, user namespace %s', async (user) => {
    await using container = await createContainer({ writable: 'tmpfs', namespaces: { user } });
    await sh(
      container,
      'cd /root; echo > theirs; chown 1000:1001 theirs; mkdir dir; chown 33 dir; echo "echo tool" > /usr/bin/our-tool; rm /usr/bin/who',
    );
    expect(listed(await container.changes())).toEqual([
      'added /root/dir',
      'added /root/theirs',
      'added /usr/bin/our-tool',
      'deleted /usr/bin/who',
    ]);
    const target = scratchPath('layer');
    const layer = await container.snapshot(target);
    const { uid, gid } = lstatSync(path.join(target, 'root/theirs'));
    expect([uid, gid, lstatSync(path.join(target, 'root/dir')).uid]).toEqual([1000, 1001, 33]);
    await using other = await createContainer({ layers: [layer], namespaces: { user: !user } });
    expect(
      await sh(
        other,
        "stat -c '%u %g' /root/theirs; sh /usr/bin/our-tool; test -e /usr/bin/who || echo gone",
      ),
    ).toBe('1000 1001\ntool\ngone');
  });

  test('mean the same without a user namespace', async () => {
    const lower = scratchPath('lower');
    mkdirSync(path.join(lower, 'srv/dir'), { recursive: true });
    writeFileSync(path.join(lower, 'srv/dir/lower'), '');
    const base = { type: 'overlay', source: lower } as const;
    for (const user of [true, false]) {
      await using container = await createContainer({ layers: [base], namespaces: { user } });
      await sh(container, 'cd /srv; rm -r dir; mkdir dir');
      const layer = await container.snapshot(scratchPath('layer'));
      await using other = await createContainer({ layers: [base, layer], namespaces: { user: !user } });
      expect(await sh(other, 'ls /srv/dir')).toBe('');
    }
  });

  test('work on the host’s own system directories', async () => {
    await using container = await createContainer();
    await sh(
      container,
      'echo "#!/bin/sh\necho tool" > /usr/bin/our-tool; chmod 755 /usr/bin/our-tool; rm /usr/bin/who',
    );
    expect(listed(await container.changes())).toEqual(['added /usr/bin/our-tool', 'deleted /usr/bin/who']);
    const layer = await container.snapshot(scratchPath('layer'));
    await using other = await createContainer({ layers: [layer] });
    expect(await sh(other, 'our-tool; test -e /usr/bin/who || echo gone')).toBe('tool\ngone');
    await using fixed = await createContainer({ layers: [layer], writable: false });
    expect(await sh(fixed, 'our-tool')).toBe('tool');
  });
});

test('a layer of another system does not lie on the host', async () => {
  const layer = scratchPath('layer');
  mkdirSync(layer);
  symlinkSync('/etc', path.join(layer, 'usr'));
  await failure(createContainer({ layers: [{ type: 'overlay', source: layer }] }), {
    code: 'ERR_CONTAINERV_LAYER',
    path: path.join(layer, 'usr'),
    hint: /directory/,
  });
});

test.skipIf(!isRoot)('a layer brings no devices and no privileges (skipped without root)', async () => {
  const layer = scratchPath('layer');
  mkdirSync(path.join(layer, 'srv'), { recursive: true });
  execFileSync('mknod', [path.join(layer, 'srv/null'), 'c', '1', '3']);
  chmodSync(path.join(layer, 'srv/null'), 0o666);
  writeFileSync(path.join(layer, 'srv/tool'), '');
  linkSync(path.join(layer, 'srv/tool'), path.join(layer, 'srv/other'));
  execFileSync('cp', ['/usr/bin/id', path.join(layer, 'srv/id')]);
  chmodSync(path.join(layer, 'srv/id'), 0o4755);
  for (const user of [true, false]) {
    await using container = await createContainer({
      layers: [{ type: 'overlay', source: layer }],
      namespaces: { user },
    });
    await failure(container.run('sh', ['-c', 'echo > /srv/null']), { code: 'ERR_CONTAINERV_RUN' });
    const { stdout } = await container.run('/srv/id', ['-u'], { user: 1000 });
    expect(stdout).toBe('1000\n');
  }
});
