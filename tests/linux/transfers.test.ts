import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  createReadStream,
  createWriteStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { createContainer, TransferError } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { describeAsRoot } from '../support/privilege.js';
import { scratchPath } from '../support/scratch.js';
import { isRoot } from '../support/suite.js';

const MODIFIED = new Date('2001-02-03T04:05:06.789Z');

/** Everything that a copy is to keep. */
function makeTree(): string {
  const tree = scratchPath('tree');
  mkdirSync(path.join(tree, 'deep/er/est'), { recursive: true });
  writeFileSync(path.join(tree, 'small'), 'small');
  writeFileSync(path.join(tree, 'empty'), '');
  writeFileSync(path.join(tree, 'deep/large'), Buffer.alloc(3_000_000, 'large'));
  writeFileSync(path.join(tree, 'deep/er/program'), '#!/bin/sh\n');
  chmodSync(path.join(tree, 'deep/er/program'), 0o751);
  writeFileSync(path.join(tree, 'new\nline \u00fc'), 'odd');
  symlinkSync('../nowhere', path.join(tree, 'deep/link'));
  writeFileSync(path.join(tree, 'sparse'), 'head');
  truncateSync(path.join(tree, 'sparse'), 64 * 2 ** 20);
  writeFileSync(path.join(tree, 'sparse'), 'tail', { flag: 'a' });
  for (const name of ['small', 'deep/large', 'deep/er'])
    utimesSync(path.join(tree, name), MODIFIED, MODIFIED);
  chmodSync(path.join(tree, 'deep'), 0o710);
  return tree;
}

function describeTree(top: string, below = ''): object[] {
  const full = path.join(top, below);
  const about = lstatSync(full);
  const mode = (about.mode & 0o7777).toString(8);
  if (about.isSymbolicLink()) return [{ below, link: readlinkSync(full), modified: about.mtimeMs }];
  if (about.isFile()) {
    return [
      {
        below,
        mode,
        modified: about.mtimeMs,
        size: about.size,
        content: readFileSync(full, 'latin1').slice(0, 99),
      },
    ];
  }
  const inner = readdirSync(full)
    .sort()
    .flatMap((name) => describeTree(top, path.join(below, name)));
  return [{ below, mode, modified: about.mtimeMs }, ...inner];
}

test('a tree goes in and comes out as it was', async () => {
  await using container = await createContainer();
  const tree = makeTree();
  const counts = { files: 6, directories: 4, links: 1, failed: 0, failures: [] };
  expect(await container.upload([{ from: tree, to: '/srv/tree' }])).toMatchObject(counts);
  const out = scratchPath('out');
  expect(await container.download([{ from: '/srv/tree', to: out }])).toMatchObject(counts);
  expect(describeTree(out)).toEqual(describeTree(tree));
  expect(readFileSync(path.join(out, 'sparse')).equals(readFileSync(path.join(tree, 'sparse')))).toBe(true);
  expect(statSync(path.join(out, 'sparse')).blocks * 512, 'blocks of the sparse copy').toBeLessThan(2 ** 20);
  const { stdout } = await container.run('du', ['-k', '/srv/tree/sparse']);
  expect(Number.parseInt(stdout, 10), 'blocks inside').toBeLessThan(1024);
});

/** Python's, because the commands for attributes are rarely installed. */
function attributes(script: string, file: string): string {
  return execFileSync('python3', ['-c', `import os, sys; f = sys.argv[1]; ${script}`, file], {
    encoding: 'utf8',
  }).trim();
}

test('attributes of users are kept, those of others are not', async () => {
  const tree = scratchPath('attributes');
  mkdirSync(tree);
  for (const name of ['file', 'directory']) {
    const at = path.join(tree, name);
    if (name === 'file') writeFileSync(at, 'x');
    else mkdirSync(at);
    attributes("os.setxattr(f, 'user.mark', b'y\\0es'); os.setxattr(f, 'user.overlay.opaque', b'y')", at);
    if (isRoot) attributes("os.setxattr(f, 'trusted.mark', b'no')", at);
  }
  await using container = await createContainer();
  await container.upload([{ from: tree, to: '/srv/x' }]);
  const out = scratchPath('attributes-out');
  await container.download([{ from: '/srv/x', to: out }]);
  for (const name of ['file', 'directory']) {
    const listed = attributes("print(os.listxattr(f), os.getxattr(f, 'user.mark'))", path.join(out, name));
    expect(listed, name).toBe("['user.mark'] b'y\\x00es'");
  }
});

test.for([0o022, 0o077, 0])('modes come out as they are, with umask %i', async (umask) => {
  const modes = [0o644, 0o600, 0o666, 0o751, 0o777, 0o400];
  await using container = await createContainer();
  await container.run('sh', [
    '-ec',
    `mkdir /tmp/m; cd /tmp/m; for m in ${modes.map((mode) => mode.toString(8)).join(' ')}; do echo x > f$m; chmod $m f$m; done`,
  ]);
  const out = scratchPath('modes');
  const before = process.umask(umask);
  try {
    await container.download([{ from: '/tmp/m', to: out }]);
  } finally {
    process.umask(before);
  }
  const found = modes.map((mode) => statSync(path.join(out, `f${mode.toString(8)}`)).mode & 0o7777);
  expect(found).toEqual(modes);
});

test('streams and buffers are files, whole at once', async () => {
  await using container = await createContainer();
  const source = scratchPath('source');
  writeFileSync(source, Buffer.alloc(500_000, 'stream'));
  await container.upload([
    { from: Buffer.from('buffer'), to: '/srv/new/directories/buffer' },
    { from: createReadStream(source), to: '/srv/stream' },
    { from: new Uint8Array(0), to: '/srv/nothing' },
  ]);
  expect((await container.run('stat', ['-c', '%s %a %u', '/srv/stream', '/srv/nothing'])).stdout).toBe(
    '500000 644 0\n0 644 0\n',
  );
  const into = Buffer.alloc(100);
  const target = scratchPath('target');
  const report = await container.download([
    { from: '/srv/new/directories/buffer', to: into },
    { from: '/srv/stream', to: createWriteStream(target) },
    { from: '/srv/nothing', to: createWriteStream(scratchPath('nothing')) },
  ]);
  expect(report).toMatchObject({ files: 3, bytes: 500_006 });
  expect(into.toString('utf8', 0, 6)).toBe('buffer');
  expect(readFileSync(target).equals(readFileSync(source))).toBe(true);
  await failure(container.download([{ from: '/srv/stream', to: Buffer.alloc(10) }]), {
    code: 'ERR_CONTAINERV_INVALID_OPTION',
    hint: /500000 bytes/,
  });
});

test('a stream that fails leaves nothing', async () => {
  await using container = await createContainer();
  const broken = new PassThrough();
  broken.write('half');
  setImmediate(() => broken.destroy(new Error('broken off')));
  await failure(container.upload([{ from: broken, to: '/srv/half' }]), {
    code: 'ERR_CONTAINERV_SYSTEM',
    message: /broken off/,
  });
  expect((await container.run('ls', ['-A', '/srv'])).stdout).toBe('');
});

describe('what is there already', () => {
  test('files and links are replaced, directories merged into and left as they are', async () => {
    await using container = await createContainer();
    await container.run('sh', [
      '-c',
      'mkdir -p -m 1777 /srv/d; echo old > /srv/d/file; ln -s /etc/passwd /srv/d/link; echo stays > /srv/d/other',
    ]);
    const tree = scratchPath('over');
    mkdirSync(tree);
    for (const name of ['file', 'link']) writeFileSync(path.join(tree, name), 'new');
    await container.upload([{ from: tree, to: '/srv/d' }]);
    const { stdout } = await container.run('sh', [
      '-c',
      'cd /srv/d; stat -c %a .; cat file link; cat other; ls -A',
    ]);
    expect(stdout).toBe('1777\nnewnewstays\nfile\nlink\nother\n');
    expect((await container.run('head', ['-c', '4', '/etc/passwd'])).stdout).toBe('root');
  });

  test('a slash at the end means into it; a file never takes the place of a directory', async () => {
    await using container = await createContainer();
    const file = scratchPath('plain');
    writeFileSync(file, 'x');
    await container.upload([{ from: file, to: '/srv/' }]);
    expect((await container.run('ls', ['/srv'])).stdout).toBe(`${path.basename(file)}\n`);
    await failure(container.upload([{ from: file, to: '/srv' }]), {
      code: 'ERR_CONTAINERV_SYSTEM',
      errno: 'EISDIR',
      hint: /slash/,
    });
    const out = scratchPath('existing');
    mkdirSync(out);
    await failure(container.download([{ from: '/etc/passwd', to: out }]), {
      code: 'ERR_CONTAINERV_SYSTEM',
      errno: 'EISDIR',
    });
    await container.download([{ from: '/etc/passwd', to: `${out}/` }]);
    expect(readdirSync(out)).toEqual(['passwd']);
  });

  test('a link is copied as one, with a slash what it leads to', async () => {
    await using container = await createContainer();
    const tree = makeTree();
    const link = scratchPath('link');
    symlinkSync(tree, link);
    await container.upload([
      { from: link, to: '/srv/link' },
      { from: `${link}/`, to: '/srv/followed' },
    ]);
    expect((await container.run('readlink', ['/srv/link'])).stdout).toBe(`${tree}\n`);
    expect((await container.run('cat', ['/srv/followed/small'])).stdout).toBe('small');
  });
});

test('what cannot be copied is told by name, and the rest is copied', async () => {
  await using container = await createContainer();
  const tree = scratchPath('partial');
  mkdirSync(tree);
  writeFileSync(path.join(tree, 'good'), 'x');
  execFileSync('mkfifo', [path.join(tree, 'pipe')]);
  const files = [
    { from: tree, to: '/srv/partial' },
    { from: '/nowhere/at/all', to: '/srv/none' },
  ];
  const error = await failure(container.upload(files), {
    code: 'ERR_CONTAINERV_UNSUPPORTED',
    path: path.join(tree, 'pipe'),
    message: /1 more/,
  });
  expect(error).toBeInstanceOf(TransferError);
  const { report } = error as TransferError;
  expect(report).toMatchObject({ files: 1, directories: 1, failed: 2 });
  expect(report.failures.map(({ from, to, error: { errno } }) => [from, to, errno])).toEqual([
    [path.join(tree, 'pipe'), '/srv/partial/pipe', 'EOPNOTSUPP'],
    ['/nowhere/at/all', '/srv/none', 'ENOENT'],
  ]);
  expect(await container.upload(files, { reject: false })).toMatchObject({ failed: 2 });
  expect((await container.run('ls', ['/srv/partial'])).stdout).toBe('good\n');
});

describe('watching and stopping', () => {
  test('progress comes, and ends with everything', async () => {
    await using container = await createContainer();
    const tree = makeTree();
    const seen: { bytes: number; entries: number }[] = [];
    await container.upload([{ from: tree, to: '/srv/x' }], { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({ entries: 11 });
    expect(seen.at(-1)?.bytes).toBeGreaterThan(3_000_000);
  });

  test('of streams and buffers too, on top of what went before', async () => {
    await using container = await createContainer();
    const file = scratchPath('file');
    writeFileSync(file, Buffer.alloc(100_000));
    const seen: { bytes: number; entries: number }[] = [];
    const onProgress = (progress: (typeof seen)[number]) => seen.push(progress);
    const slow = new PassThrough();
    slow.write(Buffer.alloc(1000));
    const call = container.upload(
      [
        { from: file, to: '/srv/x' },
        { from: Buffer.alloc(500), to: '/srv/buffer' },
        { from: slow, to: '/srv/stream' },
      ],
      { onProgress },
    );
    await eventually(() => expect(seen.at(-1)).toEqual({ bytes: 101_500, entries: 2 }));
    slow.end(Buffer.alloc(7));
    await call;
    expect(seen.at(-1)).toEqual({ bytes: 101_507, entries: 3 });
    const out: typeof seen = [];
    await container.download(
      [
        { from: '/srv/stream', to: Buffer.alloc(2000) },
        { from: '/srv/buffer', to: createWriteStream(scratchPath('streamed')) },
        { from: '/nowhere', to: Buffer.alloc(1) },
      ],
      { reject: false, onProgress: (progress) => out.push(progress) },
    );
    expect(out.at(-1)).toEqual({ bytes: 1507, entries: 2 });
  });

  test('a signal stops it, and nothing half is left', async () => {
    await using container = await createContainer();
    const process = await container.spawn('sh', ['-c', 'mkdir /srv; yes | head -c 300000000 > /srv/large'], {
      stdio: 'ignore',
    });
    await process.wait();
    const out = scratchPath('aborted');
    const abort = new AbortController();
    const call = container.download([{ from: '/srv/large', to: out }], {
      signal: abort.signal,
      onProgress: ({ bytes }) => bytes > 0 && abort.abort(new Error('enough')),
    });
    setTimeout(() => abort.abort(new Error('enough')), 20);
    await failure(call, { code: 'ERR_CONTAINERV_ABORTED', step: 'download' });
    expect(existsSync(out)).toBe(false);
    await failure(container.upload([], { signal: AbortSignal.abort() }), { code: 'ERR_CONTAINERV_ABORTED' });
  });

  test('a signal stops streams both ways, ends them, and tells what was whole before', async () => {
    await using container = await createContainer();
    await container.run('sh', ['-c', 'head -c 3000000 /dev/zero > /tmp/large']);
    const [endless, stuck] = [new PassThrough(), new PassThrough()];
    endless.write('half');
    const up = new AbortController();
    const upload = container.upload(
      [
        { from: Buffer.from('whole'), to: '/tmp/t/whole' },
        { from: endless, to: '/tmp/t/half' },
      ],
      { signal: up.signal, onProgress: ({ bytes }) => bytes === 9 && up.abort(new Error('enough')) },
    );
    const aborted = await failure(upload, { code: 'ERR_CONTAINERV_ABORTED', step: 'upload' });
    expect((aborted as TransferError).report).toMatchObject({ files: 1, bytes: 5, failed: 0 });
    expect(endless.destroyed).toBe(true);
    expect((await container.run('ls', ['-A', '/tmp/t'])).stdout).toBe('whole\n');
    const down = new AbortController();
    const download = container.download([{ from: '/tmp/large', to: stuck }], {
      signal: down.signal,
      onProgress: ({ bytes }) => bytes > 0 && down.abort(new Error('enough')),
    });
    await failure(download, { code: 'ERR_CONTAINERV_ABORTED', step: 'download' });
    expect(stuck.destroyed).toBe(true);
  });

  test('a container that ends meanwhile ends it', async () => {
    const gone = { code: 'ERR_CONTAINERV_STATE' };
    // At any moment of it: opening, making what it is in, writing.
    for (let delayMs = 0; delayMs < 10; delayMs += 0.25) {
      const container = await createContainer();
      const never = new PassThrough();
      const call = failure(container.upload([{ from: never, to: '/srv/a/b/c/x' }]), gone);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await container.destroy();
      never.end();
      await call;
      await failure(container.upload([]), gone);
    }
  });
});

describeAsRoot('owners', () => {
  test('are kept on the way in, and on the way out when asked for', async () => {
    await using container = await createContainer();
    const file = scratchPath('owned');
    writeFileSync(file, 'x');
    execFileSync('chown', ['1234:4321', file]);
    chmodSync(file, 0o6755);
    await container.upload([{ from: file, to: '/srv/kept' }]);
    await container.upload([{ from: file, to: '/srv/given' }], { preserveOwner: false });
    const { stdout } = await container.run('stat', ['-c', '%u:%g %a', '/srv/kept', '/srv/given']);
    expect(stdout).toBe('1234:4321 6755\n0:0 6755\n');
    const [mine, theirs] = [scratchPath('mine'), scratchPath('theirs')];
    await container.download([{ from: '/srv/kept', to: mine }]);
    await container.download([{ from: '/srv/kept', to: theirs }], { preserveOwner: true });
    expect(
      [mine, theirs].map((name) => [statSync(name).uid, statSync(name).gid, statSync(name).mode & 0o7777]),
    ).toEqual([
      [0, 0, 0o755],
      [1234, 4321, 0o755],
    ]);
  });
});

test('options are checked before anything is touched', async () => {
  await using container = await createContainer();
  const invalid = { code: 'ERR_CONTAINERV_INVALID_OPTION' };
  await failure(container.upload([{ from: 'x', to: 'relative' }]), { ...invalid, message: /files\[0\]\.to/ });
  await failure(container.upload([{ from: 'x', to: '/a/../b' }]), invalid);
  await failure(container.upload([{ from: 'x', too: '/a' } as never]), { ...invalid, message: /`to`/ });
  await failure(container.upload([], { rejct: false } as never), { ...invalid, message: /`reject`/ });
  await failure(container.upload([{ from: 3 as never, to: '/a' }]), invalid);
  await failure(container.upload([{ from: Buffer.from(''), to: '/a/' }]), invalid);
  await failure(container.download([{ from: '/', to: './x/' }]), invalid);
});
