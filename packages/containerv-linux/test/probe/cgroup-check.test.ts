import { describe, expect, test } from 'vitest';
import type { CgroupHierarchies } from '../../src/cgroup/hierarchy.js';
import { checkCgroup, type Seen } from '../../src/probe/cgroup-check.js';
import { fakeHost } from '../support/fake-host.js';

const ROOT = { uid: 0 };
const HELD: Seen = { cgroup: 'v2', limits: { memory: true, cpuWeight: true, pids: true } };
const NOT_HELD: Seen = { cgroup: 'v2', limits: { memory: false, cpuWeight: false, pids: false } };
const NO_GROUP: Seen = { ...NOT_HELD, cgroup: false };

const v1 = (...names: string[]): CgroupHierarchies => ({
  v1: new Map(names.map((name) => [name, `/cg/${name}`])),
  v2: undefined,
});
const v2 = (...controllers: string[]): CgroupHierarchies => ({
  v1: new Map(),
  v2: { mount: '/cg', parent: '/cg', controllers, occupied: undefined },
});
const hybrid = {
  ...v1('memory', 'cpu', 'pids'),
  v2: { mount: '/cg/unified', parent: '/cg/unified', controllers: [], occupied: undefined },
};
const within = (
  parent: string,
  occupied: string | undefined,
  ...controllers: string[]
): CgroupHierarchies => ({
  v1: new Map(),
  v2: { mount: '/cg', parent, controllers, occupied },
});
const all = ['memory', 'cpu', 'pids'] as const;

describe('for root', () => {
  test.for([
    [v1(...all, 'blkio'), 'v1: memory, cpu, pids, io'],
    [v2(...all, 'io', 'hugetlb'), 'v2: memory, cpu, pids, io, hugetlb'],
    [hybrid, 'v1 and v2 (hybrid): memory, cpu, pids'],
  ] as const)('are ok: %j', ([hierarchies, detail]) => {
    expect(checkCgroup(fakeHost({}, ROOT), hierarchies, HELD)).toEqual({
      name: 'control groups',
      status: 'ok',
      detail,
    });
  });

  test('are said not to hold when a container was seen without', () => {
    const occupied = fakeHost({ '/cg/cgroup.procs': '1\n' }, ROOT);
    expect(checkCgroup(occupied, v2(...all), NOT_HELD)).toMatchObject({
      status: 'degraded',
      detail: expect.stringContaining('memory, cpu, pids cannot be handed to a container') as string,
      fix: expect.stringMatching(/^mkdir -p \/cg\/main && for pid in /) as string,
    });
    expect(checkCgroup(fakeHost({}, ROOT), v2(...all), NOT_HELD).fix).toContain(
      '> /cg/cgroup.subtree_control',
    );
    expect(checkCgroup(occupied, v2(...all), NO_GROUP).fix).toContain('docker run --privileged');
  });

  test.for([
    [v2('memory', 'cpu'), {}, 'v2, without pids', 'cgroup_enable=memory'],
    [v1(), {}, 'none, without memory, cpu, pids', 'sudo mount -t cgroup2 none /sys/fs/cgroup'],
    [
      v1('cpu'),
      { '/proc/cgroups': 'memory\t0\t1\t0\npids\t3\t1\t1\n' },
      'v1, without memory, pids',
      'Boot with cgroup_enable=memory.',
    ],
    [
      v1('cpu', 'memory'),
      { '/proc/cgroups': 'memory\t4\t1\t1\npids\t3\t1\t1\n' },
      'v1, without pids',
      'sudo mkdir -p /sys/fs/cgroup/pids && sudo mount -t cgroup -o pids cgroup /sys/fs/cgroup/pids',
    ],
    [
      v1('cpu', 'memory'),
      { '/proc/cgroups': 'memory\t4\t1\t1\n' },
      'v1, without pids',
      'Use a kernel that has pids.',
    ],
  ] as const)('that lack a controller: %j %j', ([hierarchies, files, detail, fix]) => {
    const check = checkCgroup(fakeHost(files, ROOT), hierarchies, NOT_HELD);
    expect(check).toMatchObject({ status: 'degraded', detail: expect.stringContaining(detail) as string });
    expect(check.fix).toContain(fix);
  });
});

describe('for a user', () => {
  const systemd = { '/run/systemd/system': '' };

  test('are not there, and that is told', () => {
    for (const seen of [NO_GROUP, undefined]) {
      expect(checkCgroup(fakeHost(systemd), v2(...all), seen)).toMatchObject({
        status: 'degraded',
        detail: expect.stringContaining('not for this user') as string,
        fix: expect.stringContaining('systemd-run --user --scope -p Delegate=yes') as string,
      });
    }
    expect(checkCgroup(fakeHost(), v1(...all), NO_GROUP).fix).toBe(
      'Run as root for limits, or boot with systemd.unified_cgroup_hierarchy=1.',
    );
  });

  test('can be handed over by root where there is no systemd', () => {
    expect(checkCgroup(fakeHost(), v2(...all), NO_GROUP).fix).toMatch(
      /chown -R 1000 \/cg\/user-1000 && echo '\$\$' > \/cg\/user-1000\/main\/cgroup\.procs/,
    );
  });

  test('are there when a group is delegated, as far as its controllers go', () => {
    const parent = '/cg/user/app.slice';
    expect(checkCgroup(fakeHost(), within(parent, undefined, ...all), HELD)).toEqual({
      name: 'control groups',
      status: 'ok',
      detail: 'v2, delegated below /cg/user/app.slice: memory, cpu, pids',
    });
    expect(checkCgroup(fakeHost(), within(parent, undefined, 'memory', 'pids'), NOT_HELD)).toMatchObject({
      status: 'degraded',
      fix: expect.stringContaining('Delegate=cpu') as string,
    });
    expect(checkCgroup(fakeHost(), within(parent, undefined, ...all), NOT_HELD)).toMatchObject({
      status: 'degraded',
      fix: expect.stringContaining(`> ${parent}/cgroup.subtree_control`) as string,
    });
  });

  test('are not in a delegated group that has this program in it, which is told how to leave it', () => {
    expect(checkCgroup(fakeHost(systemd), within('/cg', '/cg/mine', ...all), NO_GROUP)).toMatchObject({
      status: 'degraded',
      fix: expect.stringMatching(
        /^mkdir -p \/cg\/mine\/main && for pid in .* done 2>\/dev\/null {3}\(this group is yours/,
      ) as string,
    });
  });

  test('are there on v1 where a container was seen to have them', () => {
    expect(checkCgroup(fakeHost(), v1(...all), HELD).status).toBe('ok');
  });
});
