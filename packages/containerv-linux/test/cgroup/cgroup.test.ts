import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Limits, resolveLimits } from 'containerv-api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Cgroup, type CgroupPlan, planCgroup } from '../../src/cgroup/cgroup.js';
import { oomFile, parseOomKills } from '../../src/cgroup/oom-file.js';
import type { CgroupHierarchies } from '../../src/cgroup/hierarchy.js';
import { FileBatch } from '../../src/file-batch.js';
import type { FileResult, FileStep } from '../../src/native.js';
import { failed, settleAs } from '../support/fabricated-results.js';
import { thrownBy } from '../support/thrown.js';

const EPERM = 1;
const EACCES = 13;
const EEXIST = 17;
const EROFS = 30;
const EINVAL = 22;
const ENOENT = 2;

const V1: CgroupHierarchies = {
  v1: new Map([
    ['memory', '/cg/memory/own'],
    ['cpu', '/cg/cpu'],
    ['pids', '/cg/pids'],
  ]),
  v2: undefined,
};
const V2: CgroupHierarchies = {
  v1: new Map(),
  v2: { mount: '/cg', parent: '/cg', controllers: ['cpu', 'memory', 'pids', 'io'], occupied: undefined },
};
const HYBRID: CgroupHierarchies = {
  ...V1,
  v2: { mount: '/cg/unified', parent: '/cg/unified', controllers: [], occupied: undefined },
};
const NONE: CgroupHierarchies = { v1: new Map(), v2: undefined };

function planned(
  hierarchies: CgroupHierarchies,
  limits: Limits = {},
): { plan: CgroupPlan; batch: FileBatch } {
  const plan = planCgroup('box', resolveLimits(limits), undefined, hierarchies);
  const batch = new FileBatch();
  plan.addTo(batch);
  return { plan, batch };
}

function outcome(
  hierarchies: CgroupHierarchies,
  limits: Limits = {},
  answer?: (step: FileStep) => Partial<FileResult> | undefined,
): Cgroup {
  const { plan, batch } = planned(hierarchies, limits);
  settleAs(batch, answer);
  return plan.outcome(batch);
}

const refusing = (name: string, errno: number) => (step: FileStep) =>
  step.op === 'write' && path.basename(step.path) === name ? failed(errno, 'write') : undefined;

describe('v1', () => {
  test('the container is below our own group in every hierarchy', () => {
    expect(planned(V1).plan.directories).toEqual([
      '/cg/memory/own/containerv/box',
      '/cg/cpu/containerv/box',
      '/cg/pids/containerv/box',
    ]);
  });

  test('controllers that are mounted together share a group, which is made once', () => {
    const together: CgroupHierarchies = {
      v1: new Map(['memory', 'cpu', 'pids'].map((name) => [name, '/cg/all'])),
      v2: undefined,
    };
    const { plan, batch } = planned(together);
    expect(plan.directories).toEqual(['/cg/all/containerv/box']);
    expect(batch.steps.filter(({ op }) => op === 'mkdir')).toHaveLength(1);
  });

  test('init enters by the tasks file of each, unless its group could not be made', () => {
    const { plan, batch } = planned(V1);
    for (const { path: tasks, step } of plan.tasks) {
      expect(path.basename(tasks)).toBe('tasks');
      expect(batch.steps[step]).toMatchObject({ op: 'mkdir', path: path.dirname(tasks) });
    }
    expect(plan.tasks).toHaveLength(3);
    expect(plan.openStep).toBe(-1);
    expect(plan.unified).toBe(false);
  });

  test('the kernel holds what it reads back', () => {
    expect(outcome(V1)).toEqual({
      version: 'v1',
      limits: { memory: true, cpuWeight: true, pids: true },
      deviceFilter: false,
      fd: -1,
      tasks: ['/cg/memory/own', '/cg/cpu', '/cg/pids'].map((own) => `${own}/containerv/box/tasks`),
    });
    expect(oomFile(planned(V1).plan.groups)).toBe('/cg/memory/own/containerv/box/memory.oom_control');
    expect(outcome(HYBRID).version).toBe('hybrid');
  });

  test('a group is made after the one above it, and its limits are written after that', () => {
    const order = planned(V1).batch.steps.map(({ op, path: file }) => `${op} ${file}`);
    const at = (step: string): number => order.indexOf(step);
    expect(at('ensure-directory /cg/cpu/containerv')).toBeGreaterThanOrEqual(0);
    expect(at('ensure-directory /cg/cpu/containerv')).toBeLessThan(at('mkdir /cg/cpu/containerv/box'));
    expect(at('mkdir /cg/cpu/containerv/box')).toBeLessThan(at('write /cg/cpu/containerv/box/cpu.shares'));
  });

  test('what counts only is entered too; what may be needed later is known, and not made', () => {
    const names = ['memory', 'cpuacct', 'blkio', 'freezer', 'cpuset'];
    const { plan, batch } = planned({
      v1: new Map(names.map((name) => [name, `/cg/${name}`])),
      v2: undefined,
    });
    const made = batch.steps.flatMap((step) => (step.op === 'mkdir' ? [step.path] : []));
    expect(made).toEqual(['memory', 'cpuacct', 'blkio'].map((name) => `/cg/${name}/containerv/box`));
    expect(plan.groups.v1).toMatchObject({
      freezer: '/cg/freezer/containerv/box',
      cpuset: '/cg/cpuset/containerv/box',
    });
    expect(plan.directories).toEqual(expect.arrayContaining(Object.values(plan.groups.v1)));
  });

  test('where everything is mounted together, what is paused is below the rest, which init stays in', () => {
    const together: CgroupHierarchies = {
      v1: new Map(['memory', 'cpu', 'pids', 'freezer'].map((name) => [name, '/cg/all'])),
      v2: undefined,
    };
    const { plan } = planned(together);
    expect(plan.groups.v1['freezer']).toBe('/cg/all/containerv/box/paused');
    expect(plan.directories).toEqual(['/cg/all/containerv/box/paused', '/cg/all/containerv/box']);
  });

  test('a user who was given some controllers has those', () => {
    const some = (step: FileStep): Partial<FileResult> | undefined =>
      step.path.startsWith('/cg/cpu') && step.op !== 'ensure-directory'
        ? failed(step.op === 'mkdir' ? EACCES : ENOENT, step.op)
        : undefined;
    const found = outcome(V1, { memory: '64M' }, some);
    expect(found).toMatchObject({ version: 'v1', limits: { memory: true, cpuWeight: false, pids: true } });
    expect(found.tasks).toEqual(['/cg/memory/own', '/cg/pids'].map((own) => `${own}/containerv/box/tasks`));
    expect(thrownBy(() => outcome(V1, { cpuWeight: 7 }, some)).code).toBe('ERR_CONTAINERV_UNSUPPORTED');
  });

  test('a new cpuset has processors and memory before anything else, or no process can enter it', () => {
    const root = mkdtempSync(path.join(tmpdir(), 'containerv-cpuset-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    mkdirSync(path.join(root, 'own'));
    writeFileSync(path.join(root, 'own/cpuset.cpus'), '0-3\n');
    writeFileSync(path.join(root, 'own/cpuset.mems'), '0\n');
    const own = path.join(root, 'own');
    const { batch } = planned({ v1: new Map([['cpuset', own]]), v2: undefined }, { cpuset: '1' });
    const writes = batch.steps.flatMap((step) =>
      step.op === 'write' ? [[step.path.slice(own.length), step.text]] : [],
    );
    expect(writes).toEqual([
      ['/containerv/cpuset.cpus', '0-3\n'],
      ['/containerv/box/cpuset.cpus', '0-3\n'],
      ['/containerv/cpuset.mems', '0\n'],
      ['/containerv/box/cpuset.mems', '0\n'],
      ['/containerv/box/cpuset.cpus', '1'],
    ]);
  });
});

describe('v2', () => {
  test('one group, opened for init to be born in', () => {
    const { plan, batch } = planned(V2);
    expect(plan.directories).toEqual(['/cg/containerv/box/paused', '/cg/containerv/box']);
    expect(plan.tasks).toEqual([]);
    expect(plan.unified).toBe(true);
    expect(batch.steps[plan.openStep]).toMatchObject({ op: 'open', path: '/cg/containerv/box' });
    expect(outcome(V2)).toEqual({
      version: 'v2',
      limits: { memory: true, cpuWeight: true, pids: true },
      deviceFilter: false,
      fd: 77,
      tasks: [],
    });
    expect(oomFile(planned(V2).plan.groups)).toBe('/cg/containerv/box/memory.events');
  });

  test('controllers are handed down on the way, one by one, those that are needed and there', () => {
    const writes = planned(V2, { cpuset: '0' }).batch.steps.flatMap((step) =>
      step.op === 'write' && step.path.endsWith('subtree_control')
        ? [`${path.dirname(step.path)} ${step.text}`]
        : [],
    );
    expect(writes).toEqual([
      '/cg +memory',
      '/cg +memory +cpu',
      '/cg +memory +pids',
      '/cg +io',
      '/cg/containerv +memory',
      '/cg/containerv +memory +cpu',
      '/cg/containerv +memory +pids',
      '/cg/containerv +io',
    ]);
  });
});

describe('a limit that the kernel does not hold', () => {
  const ways: readonly [string, (step: FileStep) => Partial<FileResult> | undefined][] = [
    ['because writing failed', refusing('memory.max', EINVAL)],
    [
      'because it reads back as another',
      (step) => (step.op === 'read' && step.path.endsWith('memory.max') ? { text: 'max\n' } : undefined),
    ],
    [
      'because it cannot be read back',
      (step) => (step.op === 'read' && step.path.endsWith('memory.max') ? failed(EACCES) : undefined),
    ],
  ];

  test.for(ways)('%s is an error where it was asked for', ([, answer]) => {
    const error = thrownBy(() => outcome(V2, { memory: '64M' }, answer));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'set limits' });
    expect(error.summary).toContain('The limit `memory` cannot be enforced');
    expect(error.hint).toContain('containerv doctor');
  });

  test.for(ways)('%s is told where it was a default', ([, answer]) => {
    expect(outcome(V2, {}, answer).limits).toEqual({ memory: false, cpuWeight: true, pids: true });
  });

  test('the failed call is told', () => {
    const error = thrownBy(() => outcome(V2, { memory: '64M' }, refusing('memory.max', EINVAL)));
    expect(error).toMatchObject({ syscall: 'write', errno: 'EINVAL', path: '/cg/containerv/box/memory.max' });
  });

  test('as the host lacks the processors says which there are', () => {
    const error = thrownBy(() => outcome(V2, { cpuset: '4000' }, refusing('cpuset.cpus', EINVAL)));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'set limits' });
    expect(error.summary).toMatch(/this host has \d+ processors?, numbered 0.*, and no 4000/);
  });

  test('as the kernel makes other processors of it says which', () => {
    const effective = (text: string) => (step: FileStep) =>
      step.op === 'read' && step.path === '/cg/containerv/box/cpuset.cpus.effective' ? { text } : undefined;
    expect(outcome(V2, { cpuset: '0' }, effective('0\n')).limits).toMatchObject({ cpuset: true });
    const error = thrownBy(() => outcome(V2, { cpuset: '0' }, effective('1-3\n')));
    expect(error.hint).toContain('cpuset.cpus = 0, and holds 1-3 instead');
  });

  test('either of two files is enough where a kernel has one of them', () => {
    const io = { weight: 50 };
    const none = (step: FileStep) =>
      step.op === 'write' && step.path.endsWith('weight') ? failed(ENOENT, 'open') : undefined;
    expect(outcome(V2, { io }, refusing('io.bfq.weight', ENOENT)).limits).toMatchObject({ io: true });
    expect(outcome(V2, { io }, refusing('io.weight', ENOENT)).limits).toMatchObject({ io: true });
    expect(thrownBy(() => outcome(V2, { io }, none)).summary).toContain('`io`');
  });

  test('as there is no controller for it is an error, which names the file', () => {
    const error = thrownBy(() => outcome(V1, { cpuset: '0' }));
    expect(error.summary).toContain('`cpuset`');
    expect(error.hint).toContain('cpuset.cpus = 0');
  });

  test('one of two files is enough for a limit not to be held', () => {
    expect(thrownBy(() => outcome(V1, { cpus: 1 }, refusing('cpu.cfs_quota_us', EINVAL))).summary).toContain(
      '`cpus`',
    );
    expect(thrownBy(() => outcome(V1, { cpus: 1 }, refusing('cpu.cfs_period_us', EINVAL))).summary).toContain(
      '`cpus`',
    );
  });
});

describe('without control groups', () => {
  test('defaults are told as missing', () => {
    expect(outcome(NONE)).toEqual({
      version: false,
      limits: { memory: false, cpuWeight: false, pids: false },
      deviceFilter: false,
      fd: -1,
      tasks: [],
    });
  });

  test.for<Limits>([
    { memory: '64M' },
    { cpus: 1 },
    { pids: 10 },
    { cpuWeight: 100 },
    { cpuset: '0' },
    { swap: 0 },
  ])('%j is an error', (limits) => {
    expect(thrownBy(() => outcome(NONE, limits)).code).toBe('ERR_CONTAINERV_UNSUPPORTED');
  });

  test('a lifted limit of memory needs none', () => {
    expect(outcome(V1, { memory: 'max' }).limits).toMatchObject({ memory: true });
  });
});

describe.for([
  ['v1', V1],
  ['v2', V2],
] as const)('%s: a group that cannot be made', ([, hierarchies]) => {
  const makingFails = (errno: number) => (step: FileStep) =>
    step.op === 'ensure-directory' ? undefined : failed(step.op === 'mkdir' ? errno : ENOENT, step.op);

  test.for([EPERM, EACCES, EROFS])(
    'for want of permission (errno %i) leaves the defaults unenforced',
    (errno) => {
      expect(outcome(hierarchies, {}, makingFails(errno))).toEqual({
        version: false,
        limits: { memory: false, cpuWeight: false, pids: false },
        deviceFilter: false,
        fd: -1,
        tasks: [],
      });
    },
  );

  test.for([EPERM, EACCES, EROFS])('because the one above cannot be made (errno %i) is the same', (errno) => {
    const above = (step: FileStep): Partial<FileResult> =>
      failed(step.op === 'ensure-directory' ? errno : ENOENT, step.op);
    expect(outcome(hierarchies, {}, above)).toMatchObject({ version: false, fd: -1, tasks: [] });
    const error = thrownBy(() => outcome(hierarchies, { memory: '64M' }, above));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', syscall: 'ensure-directory' });
  });

  test('that is not there for another reason is an error', () => {
    const error = thrownBy(() => outcome(hierarchies, {}, makingFails(ENOENT)));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_NOT_FOUND', syscall: 'mkdir' });
  });

  test('for want of permission is an error when a limit was asked for', () => {
    const error = thrownBy(() => outcome(hierarchies, { memory: '64M' }, makingFails(EACCES)));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'set limits' });
  });

  test('as somebody has it is an error: their limits would not be ours', () => {
    const directory = planned(hierarchies).batch.steps.find(({ op }) => op === 'mkdir')?.path;
    const error = thrownBy(() =>
      outcome(hierarchies, {}, (step) => (step.op === 'mkdir' ? failed(EEXIST, 'mkdir') : undefined)),
    );
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_EXISTS', path: directory, syscall: 'mkdir' });
    expect(error.hint).toContain('Is another container using');
  });
});

test('nothing of a group stops the batch: the outcome judges', () => {
  for (const hierarchies of [V1, V2]) {
    for (const step of planned(hierarchies, { cpus: 1 }).batch.steps) expect(step.optional).toBe(true);
  }
});

test.for([
  ['v2', 'low 0\nhigh 0\nmax 4\noom 2\noom_kill 3\noom_group_kill 0\n', 3],
  ['v1', 'oom_kill_disable 0\nunder_oom 0\noom_kill 12\n', 12],
  ['v1 before Linux 4.13', 'oom_kill_disable 0\nunder_oom 0\n', null],
  ['nothing', '', null],
] as const)('kills for memory of %s', ([, text, kills]) => {
  expect(parseOomKills(text)).toBe(kills);
});
