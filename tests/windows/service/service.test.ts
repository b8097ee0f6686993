// The driver on the Host Compute Service itself: what a machine with Windows is needed for. See ../service.mjs.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Container, ContainerOptions } from 'containerv-api';
import {
  createContainer,
  createVolume,
  importLayer,
  joinContainer,
  listContainers,
  listVolumes,
  probeHost,
  pruneContainers,
  removeVolume,
} from '../../../packages/containerv-windows/src/index.js';
import { conformanceCases, type Harness } from '../../conformance/index.js';
import { after, afterEach, describe, test } from '../support/node-test.js';

const image = process.env['CONTAINERV_TEST_IMAGE'] ?? '';
/** Directory with guest.exe. */
const programs = process.env['CONTAINERV_TEST_PROGRAMS'] ?? '';
const isolations = (process.env['CONTAINERV_TEST_ISOLATIONS'] ?? 'process').split(',') as Isolation[];
const GUEST = String.raw`C:\guest\guest.exe`;

type Isolation = 'process' | 'hyperv';
type Kind = readonly [isolation: Isolation, schema: 'v1' | 'v2'];

const folder = mkdtempSync(path.join(tmpdir(), 'containerv-service-'));
process.env['CONTAINERV_STATE_DIR'] = path.join(folder, 'state');
process.env['CONTAINERV_DATA_DIR'] = path.join(folder, 'data');
after(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  assert.deepEqual(await listContainers(), []);
  const { removed, failed } = await pruneContainers();
  assert.deepEqual([removed, failed], [[], []]);
  for (const { name } of await listVolumes()) await removeVolume(name);
});

const kinds = isolations.flatMap((isolation): Kind[] => [
  [isolation, 'v2'],
  [isolation, 'v1'],
]);

async function create([isolation, schema]: Kind, options: ContainerOptions = {}): Promise<Container> {
  const { windows, mounts = [], ...rest } = options;
  return createContainer({
    rootfs: image,
    windows: { isolation, schema, ...windows },
    mounts: [{ source: programs, target: '/guest', readonly: true }, ...mounts],
    ...rest,
  });
}

function harness(kind: Kind): Harness {
  return {
    driver: { joinContainer, listContainers, probeHost, pruneContainers },
    guest: 'windows',
    pauses: kind[0] === 'hyperv',
    create: async (options) => create(kind, options),
    commands: {
      both: [GUEST, ['both']],
      copy: [GUEST, ['cat']],
      exit: (code) => [GUEST, ['exit', String(code)]],
      sleep: (seconds) => [GUEST, ['sleep', String(seconds * 1000)]],
      fill: (bytes) => [GUEST, ['fill', String(bytes)]],
      variable: (name) => [GUEST, ['env', name]],
      echo: (args) => [GUEST, ['args', ...args]],
      missing: [String.raw`C:\no\such\command.exe`, []],
    },
  };
}

async function shell(container: Container, command: string): Promise<string> {
  return (await container.run('cmd.exe', ['/d', '/c', command])).stdout.trim();
}

test('the host has what containers need', async () => {
  const { usable, checks } = await probeHost();
  assert.equal(usable, true, JSON.stringify(checks));
});

for (const kind of kinds) {
  describe(`conformance, ${kind.join(' isolation, schema ')}`, () => {
    for (const { name, run } of conformanceCases) test(name, async () => run(harness(kind)));
  });

  describe(`the machine's own, ${kind.join(' isolation, schema ')}`, () => {
    test('a limit of memory and of processors is in force', async () => {
      await using container = await create(kind, { limits: { memory: '512M', cpus: 1 } });
      const { memory, cpus } = container.enforced.limits;
      assert.deepEqual([memory, cpus], [true, true]);
      assert.ok(((await container.stats()).memoryBytes ?? 0) > 0);
      assert.ok((await container.processes()).length > 0);
    });

    test('a directory that may not be written to, and one that may', async () => {
      const shared = mkdtempSync(path.join(folder, 'shared-'));
      writeFileSync(path.join(shared, 'in.txt'), 'from the host');
      await using container = await create(kind, {
        mounts: [
          { source: shared, target: '/work' },
          { source: shared, target: '/fixed', readonly: true },
        ],
      });
      assert.equal(await shell(container, String.raw`type C:\work\in.txt`), 'from the host');
      await shell(container, String.raw`echo inside> C:\work\out.txt`);
      assert.match(readFileSync(path.join(shared, 'out.txt'), 'utf8'), /^inside/);
      const denied = await container.run('cmd.exe', ['/c', String.raw`echo x> C:\fixed\no.txt`], {
        reject: false,
      });
      assert.notEqual(denied.exitCode, 0);
    });

    test('files go in and come out', async () => {
      await using container = await create(kind);
      await container.upload([{ from: Buffer.from('uploaded'), to: '/new/file.txt' }]);
      assert.equal(await shell(container, String.raw`type C:\new\file.txt`), 'uploaded');
      const target = path.join(folder, 'downloaded.txt');
      await container.download([{ from: '/new/file.txt', to: target }]);
      assert.equal(readFileSync(target, 'utf8'), 'uploaded');
      rmSync(target);
    });

    test('accounts are those that the policy says', async () => {
      await using container = await create(kind, { policy: 'build' });
      assert.match(await shell(container, 'whoami'), /containeradministrator/i);
      const user = await container.run('cmd.exe', ['/c', 'whoami'], { user: 'ContainerUser' });
      assert.match(user.stdout, /containeruser/i);
    });

    test('what it writes is kept, listed, and a layer for others', async () => {
      const target = path.join(folder, 'layer');
      {
        await using container = await create(kind, { id: 'writer' });
        await shell(container, String.raw`mkdir C:\made & echo kept> C:\made\file.txt`);
        await container.stop();
        const changes = await container.changes();
        assert.ok(
          changes.some(({ path: name, kind: what }) => name === '/made/file.txt' && what === 'added'),
        );
        const layer = await container.snapshot(target);
        await using other = await create(kind, { rootfs: undefined, layers: [layer] });
        assert.equal(await shell(other, String.raw`type C:\made\file.txt`), 'kept');
        await container.start();
        assert.equal(await shell(container, String.raw`type C:\made\file.txt`), 'kept');
      }
      rmSync(target, { recursive: true, force: true });
    });

    test('its output is kept for others', async () => {
      await using container = await create(kind, { id: 'logged' });
      const process_ = await container.spawn(GUEST, ['both'], { log: true });
      await process_.wait();
      const joined = await joinContainer('logged');
      assert.equal((await text(joined.logs())).length, 'outerr'.length);
    });
  });

  // Schema v1 with Hyper-V isolation has none.
  const skip = kind[0] === 'hyperv' && kind[1] === 'v1';
  test(
    `a volume keeps what is written to it, ${kind.join(' isolation, schema ')}`,
    async () => {
      await createVolume('service-test', { size: '1G' });
      const windows = { volumes: [{ name: 'service-test', target: '/data' }] };
      {
        await using container = await create(kind, { windows });
        await shell(container, String.raw`echo kept> C:\data\file.txt`);
      }
      await using container = await create(kind, { windows });
      assert.equal(await shell(container, String.raw`type C:\data\file.txt`), 'kept');
    },
    { skip },
  );

  test(`an endpoint on the host's network, ${kind.join(' isolation, schema ')}`, async () => {
    await using container = await create(kind, { network: {} });
    assert.equal(container.enforced.network, 'private');
    assert.match(await shell(container, 'ipconfig'), /IPv4/);
    assert.notEqual((await container.stats()).networkRxBytes, null);
  });
}

test(
  'a layer is imported from the tar file of an OCI layer',
  async () => {
    const tar = process.env['CONTAINERV_TEST_LAYER'] ?? '';
    const target = path.join(folder, 'imported');
    const layer = await importLayer(tar, target, { parent: image });
    {
      await using container = await create(['process', 'v2'], { rootfs: undefined, layers: [layer] });
      assert.equal(await shell(container, String.raw`type C:\layer\file.txt`), 'in a layer');
    }
    rmSync(target, { recursive: true, force: true });
  },
  { skip: process.env['CONTAINERV_TEST_LAYER'] === undefined },
);
