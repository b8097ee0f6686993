import {
  readdirSync,
  readFileSync,
  statSync,
  lstatSync,
  existsSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type Container, createContainer, type TransferError } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { makeDecoy } from '../support/decoy.js';
import { failure } from '../support/failure.js';
import { scratchPath } from '../support/scratch.js';
import { full, program } from '../support/suite.js';

const ROUNDS = full ? 1000 : 150;

/** Exchanges two paths in the container as fast as it can, until the returned function is called. */
async function flip(container: Container, one: string, other: string): Promise<() => Promise<void>> {
  const flipper = await container.spawn('/flipper', [one, other], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => flipper.stdout?.once('data', resolve));
  return async () => {
    await flipper.kill('SIGKILL');
    expect(await flipper.wait()).toMatchObject({ signal: 'SIGKILL' });
  };
}

async function withFlipper(): Promise<Container> {
  return createContainer({ mounts: [{ source: program('flipper'), target: '/flipper', readonly: true }] });
}

describe('somebody inside exchanges a directory for a link to the host', () => {
  test('while it is written to: nothing lands outside', async () => {
    await using container = await withFlipper();
    const decoy = makeDecoy();
    const before = decoy.describe();
    await container.run('sh', ['-c', `mkdir -p /tmp/in/a; ln -s ${decoy.directory} /tmp/in/b`]);
    const tree = scratchPath('tree');
    mkdirSync(path.join(tree, 'a/deeper'), { recursive: true });
    for (const name of ['a/planted', 'a/deeper/planted'])
      writeFileSync(path.join(tree, name), Buffer.alloc(40_000, 'x'));
    const stop = await flip(container, '/tmp/in/a', '/tmp/in/b');
    let failed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      failed += (
        await container.upload(
          [
            { from: tree, to: '/tmp/in' },
            { from: path.join(tree, 'a/planted'), to: '/tmp/in/a/again' },
          ],
          { reject: false },
        )
      ).failed;
    }
    await stop();
    expect(failed, 'uploads that met the link').toBeGreaterThan(0);
    expect(decoy.describe()).toEqual(before);
  });

  test('while it is read: nothing of the host comes out, and nothing lands beside', async () => {
    await using container = await withFlipper();
    const decoy = makeDecoy();
    const before = decoy.describe();
    await container.run('sh', [
      '-c',
      `mkdir -p /tmp/in/a/deeper; echo planted > /tmp/in/a/planted; echo planted > /tmp/in/a/deeper/planted; ln -s ${decoy.directory} /tmp/in/b`,
    ]);
    const out = scratchPath('out');
    const stop = await flip(container, '/tmp/in/a', '/tmp/in/b');
    for (let round = 0; round < ROUNDS; round++) {
      // Over what the last round brought: there, a link to the host may stand where a directory comes now.
      await container.download(
        [
          { from: '/tmp/in', to: out },
          { from: '/tmp/in/a/planted', to: path.join(out, 'again') },
          { from: '/tmp/in/a/', to: path.join(out, 'followed') },
        ],
        { reject: false },
      );
    }
    await stop();
    expect(decoy.describe()).toEqual(before);
    for (const text of filesBelow(out)) expect(text).toBe('planted\n');
  });
});

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const inner = path.join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(inner);
    return entry.isFile() ? [readFileSync(inner, 'utf8')] : [];
  });
}

test('a link that one download brought leads no other one anywhere', async () => {
  await using container = await createContainer();
  const decoy = makeDecoy();
  const before = decoy.describe();
  await container.run('sh', [
    '-c',
    `mkdir -p /tmp/one /tmp/two/x; ln -s ${decoy.directory} /tmp/one/x; echo planted > /tmp/two/x/planted`,
  ]);
  const out = scratchPath('out');
  await container.download([{ from: '/tmp/one', to: out }]);
  await failure(container.download([{ from: '/tmp/two', to: out }]), {
    code: 'ERR_CONTAINERV_NOT_FOUND',
    path: path.join(out, 'x'),
  });
  // In one call, also through the path that the second one names itself.
  const both = scratchPath('both');
  await container.download(
    [
      { from: '/tmp/one/x', to: path.join(both, 'x') },
      { from: '/tmp/two/x/planted', to: path.join(both, 'x/planted') },
    ],
    { reject: false },
  );
  expect(decoy.describe()).toEqual(before);
});

test('links out of the container are links, and read as the container reads them', async () => {
  await using container = await createContainer();
  const decoy = makeDecoy();
  await container.run('sh', [
    '-c',
    `mkdir /tmp/l; ln -s ${decoy.directory} /tmp/l/d; ln -s /proc/1/root /tmp/l/r`,
  ]);
  const out = scratchPath('links');
  await container.download([{ from: '/tmp/l', to: out }]);
  expect(lstatSync(path.join(out, 'd')).isSymbolicLink()).toBe(true);
  for (const from of ['/tmp/l/d/', `/tmp/l/r${decoy.directory}`]) {
    await failure(container.download([{ from, to: scratchPath('never') }]), {
      code: /NOT_FOUND|PERMISSION|SYSTEM/,
    });
  }
  await failure(container.upload([{ from: '/etc/hostname', to: '/tmp/l/r/tmp/y' }]), {
    code: /NOT_FOUND|PERMISSION|SYSTEM/,
  });
});

test('devices, pipes and sockets are not opened, and set-id bits do not come out', async () => {
  await using container = await createContainer();
  await container.run('sh', [
    '-c',
    'mkdir /tmp/s; cd /tmp/s; mkfifo pipe; cp /bin/true program; chmod 6755 program; mkdir -m 3777 dir; echo x > "$(printf "new\\nline")"',
  ]);
  const out = scratchPath('special');
  const report = await container.download([{ from: '/tmp/s', to: out }], {
    reject: false,
    preserveOwner: true,
  });
  expect(report.failures.map(({ from }) => from)).toEqual(['/tmp/s/pipe']);
  expect(readdirSync(out).sort()).toEqual(['dir', 'new\nline', 'program']);
  expect(statSync(path.join(out, 'program')).mode & 0o7777).toBe(0o755);
  expect(statSync(path.join(out, 'dir')).mode & 0o7777).toBe(0o777);
  for (const from of ['/dev/zero', '/tmp/s/pipe']) {
    await failure(container.download([{ from, to: scratchPath('device') }]), {
      code: 'ERR_CONTAINERV_UNSUPPORTED',
    });
    await failure(container.download([{ from, to: Buffer.alloc(10) }]), {
      code: 'ERR_CONTAINERV_UNSUPPORTED',
    });
  }
});

test('a file that grows without end has an end', async () => {
  await using container = await createContainer();
  const writer = await container.spawn('sh', ['-c', 'yes > /tmp/grows'], { stdio: 'ignore' });
  await eventually(async () => {
    expect(Number((await container.run('stat', ['-c', '%s', '/tmp/grows'])).stdout)).toBeGreaterThan(100_000);
  });
  const out = scratchPath('grown');
  const { bytes } = await container.download([{ from: '/tmp/grows', to: out }]);
  expect(statSync(out).size).toBe(bytes);
  await writer.kill('SIGKILL');
});

test('deeper than there are descriptors is told, not followed', async () => {
  await using container = await createContainer();
  await container.run('sh', ['-c', 'cd /tmp; for i in $(seq 400); do mkdir d; cd d; done']);
  const out = scratchPath('deep');
  const error = await failure(container.download([{ from: '/tmp/d', to: out }]), {
    code: 'ERR_CONTAINERV_SYSTEM',
    errno: 'ENAMETOOLONG',
    hint: /256/,
  });
  expect((error as TransferError).report).toMatchObject({ directories: 256, failed: 1 });
});

test('who copies has no more rights than it needs, and takes nobody’s files', async () => {
  await using container = await createContainer();
  const paths = scratchPath('held');
  writeFileSync(paths, '');
  // An open transfer, to look at from inside.
  const { PassThrough } = await import('node:stream');
  const source = new PassThrough();
  const call = container.upload([{ from: source, to: '/tmp/held' }]);
  const status = await eventually(async () => {
    const { stdout } = await container.run('sh', [
      '-c',
      'grep -l containerv-init /proc/[0-9]*/comm | grep -v "^/proc/1/"',
    ]);
    return (await container.run('cat', [path.join(path.dirname(stdout.trim()), 'status')])).stdout;
  });
  const line = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1];
  // chown, dac_override, fowner and fsetid (capabilities(7)).
  expect([line('CapEff'), line('CapBnd'), line('CapPrm')]).toEqual(Array(3).fill('000000000000001b'));
  expect([line('Seccomp'), line('NoNewPrivs')]).toEqual(['2', '1']);
  source.end('x');
  await call;
  expect((await container.run('cat', ['/tmp/held'])).stdout).toBe('x');
});

test('a host link at the target itself is replaced, not written through', async () => {
  await using container = await createContainer();
  const decoy = makeDecoy();
  const before = decoy.describe();
  const out = scratchPath('link');
  const victim = path.join(decoy.directory, readdirSync(decoy.directory)[0] ?? '');
  symlinkSync(victim, out);
  await container.download([{ from: '/etc/passwd', to: out }]);
  expect(lstatSync(out).isFile()).toBe(true);
  expect(existsSync(victim)).toBe(true);
  expect(decoy.describe()).toEqual(before);
});
