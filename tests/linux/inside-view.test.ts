import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ContainerOptions } from 'containerv-linux';
import { createPolicy, FsAccess } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import {
  expectAlone,
  expectCleanStart,
  expectCredentials,
  expectDevices,
  expectInitHidden,
  expectMasked,
  expectMounts,
  expectOwnSurroundings,
  foreignNamespaces,
} from '../support/confinement.js';
import { small } from '../support/container.js';
import { describeAsRoot } from '../support/privilege.js';
import { probe, readProbe } from '../support/probe.js';
import { makeRoot, toolDirectory } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';
import { isRoot } from '../support/suite.js';

const ALL_BUT_TIME = ['mount', 'pid', 'net', 'ipc', 'uts', 'user', 'cgroup'];

interface Place {
  readonly kind: 'directory' | 'layers' | 'host';
  readonly writable: NonNullable<ContainerOptions['writable']>;
}

const PLACES: readonly Place[] = [
  ...(['overlay', 'tmpfs', false, 'direct'] as const).map(
    (writable) => ({ kind: 'directory', writable }) as const,
  ),
  ...(['overlay', 'tmpfs', false] as const).map((writable) => ({ kind: 'layers', writable }) as const),
  ...(['overlay', 'tmpfs', false] as const).map((writable) => ({ kind: 'host', writable }) as const),
];

function upperLayer(): string {
  const layer = scratchPath('layer');
  mkdirSync(path.join(layer, 'srv'), { recursive: true });
  writeFileSync(path.join(layer, 'srv/layered'), '');
  return layer;
}

/** Options for a root of that kind, where the probe lies in it, and its directory on the host if there is one. */
function rootOptions({ kind, writable }: Place): {
  options: ContainerOptions;
  command: string;
  directory?: string;
} {
  const directory = makeRoot();
  switch (kind) {
    case 'directory':
      return { options: { rootfs: directory, writable }, command: 'probe', directory };
    case 'layers': {
      const layers = [directory, upperLayer()].map((source) => ({ type: 'directory', source }) as const);
      return { options: { layers, writable }, command: 'probe', directory };
    }
    case 'host': {
      const mounts = [{ source: path.join(toolDirectory(), 'box'), target: '/opt/probe', readonly: true }];
      return { options: { rootfs: 'host', writable, mounts }, command: '/opt/probe' };
    }
  }
}

describe.for(PLACES)('a root of kind $kind, writable $writable', (place) => {
  const policies = ['minimal', 'build', 'network'] as const;
  const cases = policies.flatMap((policy) =>
    [true, ...(isRoot ? [false] : [])].map((user) => [policy, user] as const),
  );

  test.for(cases)(
    'policy %s, user namespace %s: what is seen is what was asked for',
    async ([policy, user]) => {
      const { options, command } = rootOptions(place);
      // File rules would hide what is to be seen; they have a test of their own.
      const seeing = createPolicy(policy).addPaths(['/'], FsAccess.All);
      await using container = await small({ ...options, policy: seeing, namespaces: { user } });
      const seen = await probe(container, {}, [], command);
      expectCredentials(seen, container, policy);
      expectCleanStart(seen, container);
      expectOwnSurroundings(seen, container);
      expectAlone(seen, container, user ? ALL_BUT_TIME : ALL_BUT_TIME.filter((name) => name !== 'user'));
      expectInitHidden(seen);
      expectDevices(seen);
      expectMasked(seen);
      expectMounts(seen, place.writable === false);
    },
  );

  test('writes go where they were said to', async () => {
    const { options, directory } = rootOptions(place);
    await using container = await small(
      place.kind === 'host'
        ? { ...options, mounts: [{ source: path.join(toolDirectory(), 'box'), target: '/opt/attempt' }] }
        : options,
    );
    const command = place.kind === 'host' ? '/opt/attempt' : 'attempt';
    const places = ['/new', '/etc/new', '/srv/new', '/tmp/new', '/dev/shm/new'];
    const args = places.flatMap((file) => ['create', file, '']);
    const { stdout } = await container.run(command, args);
    const memory = [0, 0];
    if (place.writable === false)
      expect(JSON.parse(stdout)).toEqual(
        [30, 30, 30, ...memory].map((errno, index) => (place.kind === 'host' && index === 2 ? 2 : errno)),
      );
    else expect(JSON.parse(stdout)).toEqual([0, 0, place.kind === 'host' ? 2 : 0, ...memory]);
    if (directory === undefined) return;
    const made = ['', 'etc', 'srv', 'tmp'].filter((name) =>
      readdirSync(path.join(directory, name)).includes('new'),
    );
    expect(made).toEqual(place.writable === 'direct' ? ['', 'etc', 'srv'] : []);
  });
});

describeAsRoot('a namespace shared with the host', () => {
  test.for(['pid', 'net', 'ipc', 'uts', 'user', 'cgroup'] as const)('%s: that one alone', async (name) => {
    await using container = await small(
      name === 'net' ? { network: 'host' } : { namespaces: { [name]: false } },
    );
    const wanted = ALL_BUT_TIME.filter((other) => other !== name).sort();
    expect([...container.enforced.namespaces].sort()).toEqual(wanted);
    const { stdout } = await container.run('probe');
    const seen = readProbe(JSON.parse(stdout));
    expect(foreignNamespaces(seen)).toEqual(wanted);
    expectCredentials(seen, container, 'build');
    expectMasked(seen);
  });
});

test('a time namespace on request', async () => {
  await using container = await small({ namespaces: { time: true } });
  const seen = await probe(container);
  expect(foreignNamespaces(seen)).toEqual([...ALL_BUT_TIME, 'time'].sort());
  expect([...container.enforced.namespaces].sort()).toEqual([...ALL_BUT_TIME, 'time'].sort());
});
