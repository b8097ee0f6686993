import { describe, expect, test } from 'vitest';
import {
  createPolicy,
  FsAccess,
  learnedPolicy,
  type Observations,
  type ObservedCall,
  type ObservedFile,
  Policy,
  planObservation,
} from '../../src/index.js';
import { contentToJson } from '../../src/json/to-json.js';
import { contentOfBase } from '../../src/policy-content.js';
import { fromAnswer } from '../../src/seccomp/answer.js';
import { loadFilter } from '../../src/seccomp/interpreter.js';
import type { SeccompRules } from '../../src/seccomp/rule.js';
import { auditArch } from '../../src/arch.js';
import { syscallNumber } from '../../src/syscalls/table.js';
import { expectInvalid } from '../support/invalid.js';
import { fc } from '../support/property.js';
import { argsNear, names, rules } from '../support/rules.js';

const arch = 'x64';
const number = (name: string): number => syscallNumber(name, arch) ?? -1;
const nothing: Observations = {
  arch,
  calls: [],
  files: [],
  processes: false,
  threads: false,
  truncatedCalls: [],
  truncatedFiles: false,
};

/** What the observer would record: the policy's answer, and of the arguments what the plan keeps. */
function observe(within: { toJSON(): unknown }, name: string, args: readonly bigint[]): ObservedCall {
  const { answers, calls } = planObservation(within, 'all', { arch, pass: 1n });
  const { answer } = loadFilter(answers)({ number: number(name), auditArch: auditArch[arch], args });
  const plan = calls.find((call) => call.number === number(name));
  const kept = [0, 1, 2, 3, 4, 5].map((index) => {
    const value = (args[index] ?? 0n) & (plan?.masks[index] ?? 0n);
    return plan?.zeroOnly.includes(index) === true && value !== 0n ? 1n : value;
  });
  return { number: number(name), answer, args: kept, count: 1 };
}

function learn(within: Policy, calls: readonly (readonly [string, ...bigint[]])[]): Policy {
  const observations = { ...nothing, calls: calls.map(([name, ...args]) => observe(within, name, args)) };
  return learnedPolicy(observations, { within }).policy;
}

const allows = (policy: Policy, syscall: string, args: readonly bigint[] = []): boolean =>
  ['allow', 'log'].includes(policy.check({ syscall, args, arch }));

describe('system calls', () => {
  test('replay: what was allowed while learning is allowed, and nothing that was not', () => {
    const samples = rules.chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.array(fc.tuple(fc.constantFrom(...names), argsNear(all)), { maxLength: 8 }),
        fc.array(fc.tuple(fc.constantFrom(...names), argsNear(all)), { minLength: 20, maxLength: 20 }),
      ),
    );
    fc.assert(
      fc.property(samples, ([all, run, probes]) => {
        const within = withinOf(all);
        const learned = learn(
          within,
          run.map(([name, args]) => [name, ...args] as const),
        );
        for (const [name, args] of run) {
          if (allows(within, name, args))
            expect([name, args, allows(learned, name, args)]).toEqual([name, args, true]);
        }
        for (const [name, args] of [...run, ...probes]) {
          if (allows(learned, name, args))
            expect([name, args, allows(within, name, args)]).toEqual([name, args, true]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('arguments of interest become conditions', () => {
    const learned = learn(createPolicy('build').extend('network'), [
      ['socket', 2n, 0o2000001n, 0n],
      ['ioctl', 1n, 0x5401n, 0x7ffc0000n],
      ['prlimit64', 0n, 3n, 0n, 0x7ffc0000n],
      ['clone', 0x1200011n],
      ['personality', 0xffffffffn],
    ]);
    const verdicts = {
      'the same socket': allows(learned, 'socket', [2n, 0o2004001n, 0n]),
      'another family': allows(learned, 'socket', [10n, 1n, 0n]),
      'another type': allows(learned, 'socket', [2n, 2n, 0n]),
      'another protocol': allows(learned, 'socket', [2n, 1n, 6n]),
      'the same request': allows(learned, 'ioctl', [7n, 0x5401n]),
      'the same request, upper bits': allows(learned, 'ioctl', [7n, 0xff00005401n]),
      'another request': allows(learned, 'ioctl', [7n, 0x5402n]),
      'reading a limit': allows(learned, 'prlimit64', [5n, 7n, 0n]),
      'setting a limit': allows(learned, 'prlimit64', [0n, 7n, 1n]),
      'another process': allows(learned, 'clone', [17n]),
      'a thread': allows(learned, 'clone', [0x3d0f00n]),
      'asking for the domain': allows(learned, 'personality', [0xffffffffn]),
      'setting the domain': allows(learned, 'personality', [0n]),
    };
    expect(Object.entries(verdicts).flatMap(([what, allowed]) => (allowed ? [what] : []))).toEqual([
      'the same socket',
      'the same request',
      'the same request, upper bits',
      'reading a limit',
      'another process',
      'asking for the domain',
    ]);
  });

  test('denied calls are not learned, and keep their answer', () => {
    const within = createPolicy('build');
    const learned = learn(within, [['mount'], ['clone3'], ['socket', 16n, 3n, 9n], ['read']]);
    const asked = [['mount'], ['clone3'], ['socket', 16n, 3n, 9n]] as const;
    const answers = asked.map(([name, ...args]) => fromAnswer(observe(learned, name, args).answer));
    expect(answers.map(({ data }) => data)).toEqual([1, 38, 97]);
    expect(allows(learned, 'read')).toBe(true);
  });

  test('what varies between runs of one program is allowed with what was seen', () => {
    const learned = learn(createPolicy('build'), [['mmap'], ['futex'], ['read']]);
    for (const name of ['munmap', 'mremap', 'sched_yield', 'clock_gettime', 'ppoll', 'writev'])
      expect([name, allows(learned, name)]).toEqual([name, true]);
    expect(['wait4', 'socket', 'mkdir'].filter((name) => allows(learned, name))).toEqual([]);
    // But not what was not in force.
    const narrow = createPolicy('custom').addSyscalls(['read', 'mmap']);
    const least = learn(narrow, [['read'], ['mmap']]);
    expect(['munmap', 'writev', 'clock_gettime'].filter((name) => allows(least, name))).toEqual([]);
  });

  test('processes and threads are allowed where there were some, as far as `within` goes', () => {
    const starts = (within: Policy, own: Partial<Observations>): boolean[] => {
      const { policy } = learnedPolicy({ ...nothing, ...own }, { within });
      const process = ['clone', 'vfork'].map((name) => allows(policy, name, [17n]));
      return [...process, allows(policy, 'clone', [0x3d0f00n]), allows(policy, 'clone', [0x10000011n])];
    };
    const build = createPolicy('build');
    expect(starts(build, { processes: true })).toEqual([true, true, false, false]);
    expect(starts(build, { threads: true })).toEqual([false, false, true, false]);
    expect(starts(build, { calls: [observe(build, 'wait4', [])] })).toEqual([true, true, false, false]);
    expect(starts(build, {})).toEqual([false, false, false, false]);
    const minimal = createPolicy('minimal');
    expect(starts(minimal, { processes: true, threads: true })).toEqual([false, false, true, false]);
  });

  test('a profile that allows clone3 and everything else by default can be learned within', () => {
    const within = Policy.fromOciSeccomp({ defaultAction: 'SCMP_ACT_ALLOW' });
    const learned = learn(within, [['clone3'], ['bpf', 5n]]);
    expect([allows(learned, 'clone3'), allows(learned, 'bpf', [5n]), allows(learned, 'bpf', [6n])]).toEqual([
      true,
      true,
      false,
    ]);
    expect(allows(learned, 'mount')).toBe(false);
  });
});

function withinOf(seccomp: SeccompRules): Policy {
  try {
    return Policy.fromJSON(contentToJson({ ...contentOfBase('custom'), seccomp }));
  } catch {
    // Rules that contradict each other.
    return fc.pre(false) as never;
  }
}

const file = (path: string, own: Partial<ObservedFile> = {}): ObservedFile => ({
  syscall: 'openat',
  flags: 0,
  found: 'file',
  path,
  count: 1,
  ...own,
});
const O_RDWR = 2;
const O_CREAT = 0o100;

describe('files', () => {
  const learnFiles = (files: readonly ObservedFile[], options: object = {}): Policy =>
    learnedPolicy({ ...nothing, files }, { within: createPolicy('build'), ...options }).policy;

  test('system files, scratch directories, the workspace, and others as they are', () => {
    const policy = learnFiles(
      [
        file('/usr/lib/x86_64-linux-gnu/libc.so.6'),
        file('/usr/lib/x86_64-linux-gnu/libc.so.6', { syscall: 'mmap' }),
        file('/etc/ld.so.cache'),
        file('/workspace/src/main.c'),
        file('/workspace/out', { flags: O_RDWR | O_CREAT, found: 'nothing' }),
        file('/tmp', { flags: O_RDWR | O_CREAT, found: 'nothing' }),
        file('/etc/gitconfig'),
        file('/opt/missing', { found: 'nothing' }),
        file('/workspace', { flags: 0o10000000, found: 'directory' }),
      ],
      { workspace: '/workspace' },
    );
    expect(policy.toJSON().files).toEqual({
      confined: true,
      system: [
        { path: '/etc/ld.so.cache', access: ['read'] },
        { path: '/usr', access: ['read', 'execute'] },
      ],
      added: [
        { path: '/etc/gitconfig', access: ['read'] },
        { path: '/tmp', access: ['read', 'write'] },
        { path: '/workspace', access: ['read', 'write'] },
      ],
    });
  });

  test('nothing is confined where no rules for files are wanted', () => {
    expect(learnFiles([file('/etc/gitconfig')], { files: false }).paths).toEqual([{ path: '/', access: 7 }]);
  });

  test('what `within` does not let be used is not learned, however it is generalised', () => {
    const within = createPolicy('custom').addPaths(['/workspace/src', '/data'], FsAccess.Read);
    const files = [
      file('/workspace/src/a'),
      file('/workspace/secret'),
      file('/usr/bin/x'),
      file('/data', { flags: O_RDWR | O_CREAT, found: 'nothing' }),
    ];
    const policy = learnedPolicy({ ...nothing, files }, { within, workspace: '/workspace' }).policy;
    expect(policy.paths).toEqual([{ path: '/workspace/src/a', access: FsAccess.Read }]);
  });

  test('broad rules and unwritable paths are told', () => {
    const files = [
      file('/', { found: 'directory' }),
      file('/data/a\nb'),
      file('/etc', { found: 'directory' }),
    ];
    const { warnings, policy } = learnedPolicy(
      { ...nothing, files, truncatedCalls: [number('ioctl')], truncatedFiles: true },
      { within: createPolicy('build') },
    );
    expect(warnings).toEqual([
      'More kinds of ioctl were seen than are kept; the policy lacks some of them',
      'More files were used than are kept; the policy lacks some of them',
      String.raw`A path that no rule can name was left out: "/data/a\nb"`,
      'The program used / itself as a directory, so everything below it is allowed: read',
    ]);
    expect(policy.paths).toEqual([{ path: '/', access: FsAccess.Read }]);
  });
});

describe('several runs', () => {
  const within = createPolicy('build');
  const run = (calls: readonly string[], files: readonly string[]): Observations => ({
    ...nothing,
    calls: calls.map((name) => observe(within, name, [])),
    files: files.map((path) => file(path)),
  });

  test('add up, whichever comes first, to the same file', () => {
    const [first, second] = [run(['read', 'mkdir'], ['/etc/a']), run(['read', 'socketpair'], ['/etc/b'])];
    const together = (a: Observations, b: Observations): Policy => {
      const into = learnedPolicy(a, { within, name: 'mine' }).policy;
      return learnedPolicy(b, { within, into: Policy.fromJSON(JSON.stringify(into)) }).policy;
    };
    const policy = together(first, second);
    expect(policy.name).toBe('mine');
    expect(policy.paths.map(({ path }) => path)).toEqual(['/etc/a', '/etc/b']);
    expect(['read', 'mkdir'].filter((name) => allows(policy, name))).toEqual(['read', 'mkdir']);
    const again = learnedPolicy(second, { within, into: policy }).policy;
    expect(again.toJSON()).toEqual(policy.toJSON());
    const sorted = ({ syscalls }: ReturnType<Policy['toJSON']>): string[] =>
      syscalls.rules
        .flatMap((rule) => rule.names.map((name) => `${name} ${JSON.stringify(rule.args)}`))
        .sort();
    expect(sorted(together(second, first).toJSON())).toEqual(sorted(policy.toJSON()));
  });

  test('no name without conditions stands in two rules', () => {
    const into = learnedPolicy(run(['mmap'], []), { within }).policy;
    const { policy } = learnedPolicy(run(['mmap', 'mremap', 'madvise'], []), { within, into });
    const free = policy
      .toJSON()
      .syscalls.rules.flatMap((rule) => (rule.args === undefined ? rule.names : []));
    expect(free.length).toBe(new Set(free).size);
  });

  test('rules for files in some runs only are refused', () => {
    const { policy: into } = learnedPolicy(run(['read'], []), { within, files: false });
    expect(learnedPolicy(run(['read'], ['/etc/a']), { within, into }).policy.paths).toEqual([
      { path: '/', access: FsAccess.All },
    ]);
    expectInvalid(
      () => learnedPolicy(run(['read'], ['/etc/a']), { within, into, files: true }),
      /`files` is true, but the policy to be extended does not/,
    );
  });
});

test('capabilities, level and network rules are those of `within`', () => {
  const within = createPolicy('network').setSecurityLevel('strict').addNetworkRules([]);
  const { policy } = learnedPolicy(nothing, { within });
  expect([policy.securityLevel, policy.capabilities, policy.networkRules]).toEqual(['strict', [], []]);
  expect(policy.toJSON().syscalls.rules.every(({ action }) => action !== 'kill')).toBe(true);
});
