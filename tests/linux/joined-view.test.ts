import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type Container, type ContainerOptions, type Enforced, joinContainer } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { processes, small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { type Probe, probe, readProbe } from '../support/probe.js';
import { runProgram } from '../support/program.js';
import { isRoot } from '../support/suite.js';

interface Joined {
  readonly id: string;
  readonly state: string;
  readonly enforced: Enforced;
  readonly probe: Probe;
}

async function joinedView({ id }: Container): Promise<Joined> {
  const { code, stdout, stderr } = await runProgram('join', [id]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { probe: raw, ...rest } = JSON.parse(stdout) as Joined;
  return { ...rest, probe: readProbe(raw) };
}

/** Of what a process sees, all that is the same for any two in one container. */
function comparable(seen: Probe): object {
  const {
    pid: _pid,
    session: _session,
    processes: _processes,
    descriptors,
    status: _status,
    mounts: _mounts,
    network: _network,
    ...rest
  } = seen;
  const fields = [
    'Uid',
    'Gid',
    'Groups',
    'CapInh',
    'CapPrm',
    'CapEff',
    'CapBnd',
    'CapAmb',
    'NoNewPrivs',
    'Seccomp',
    'Seccomp_filters',
    'SigBlk',
    'SigIgn',
    'Umask',
  ];
  return {
    ...rest,
    statusField: undefined,
    mountAt: undefined,
    descriptors: Object.keys(descriptors),
    status: fields.map((field) => `${field}: ${seen.statusField(field)}`),
  };
}

const CASES: readonly (readonly [string, ContainerOptions])[] = [
  ['without options', {}],
  ['of the strictest policy that runs it', { policy: 'minimal' }],
  ['with its own environment, directory and name', { env: { A: 'b c' }, cwd: '/tmp', hostname: 'elsewhere' }],
  ['with resource limits of its own', { rlimits: { nofile: 123 } }],
  ...(isRoot
    ? ([
        ['of another user', { user: 'builder' }],
        ['without a user namespace', { namespaces: { user: false } }],
        ['on the host’s network', { network: 'host' }],
      ] as const)
    : []),
];

describe('a process of who joins a container from another program', () => {
  test.for(CASES)('is confined like any other: container %s', async ([, options]) => {
    await using container = await small(options);
    const own = await probe(container);
    const joined = await joinedView(container);
    expect(comparable(joined.probe)).toEqual(comparable(own));
    expect(joined).toMatchObject({ id: container.id, state: 'running' });
    expect(joined.enforced).toEqual(JSON.parse(JSON.stringify(container.enforced)));
  });

  test('ends with that program, and the container goes on', async () => {
    await using container = await small();
    const { code } = await runProgram('join-and-leave', [container.id]);
    expect(code).toBe(0);
    await eventually(async () =>
      expect((await processes(container)).map(({ name }) => name)).not.toContain('stubborn'),
    );
    expect((await container.run('echo', ['on'])).stdout).toBe('on\n');
  });
});

test('a container of somebody else’s making that is no container is refused', async () => {
  const directory = `${process.env['CONTAINERV_STATE_DIR']}/forged`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/state.json`, '{"version": 1}');
  await failure(joinContainer('forged'), { code: 'ERR_CONTAINERV_NOT_FOUND' });
  rmSync(directory, { recursive: true });
});
