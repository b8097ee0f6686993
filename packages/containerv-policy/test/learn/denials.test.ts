import { expect, test } from 'vitest';
import { createPolicy, FsAccess, listDenials, type Observations } from '../../src/index.js';
import { ABSENT, ALLOW, DENY, KILL } from '../../src/seccomp/answer.js';
import { syscallNumber } from '../../src/syscalls/table.js';

const call = (
  name: string,
  answer: number,
  args: readonly bigint[] = [],
  count = 1,
): Observations['calls'][number] => ({
  number: syscallNumber(name, 'x64') ?? -1,
  answer,
  args: [0, 1, 2, 3, 4, 5].map((at) => args[at] ?? 0n),
  count,
});
const observations = (own: Partial<Observations>): Observations => ({
  arch: 'x64',
  calls: [],
  files: [],
  processes: false,
  threads: false,
  truncatedCalls: [],
  truncatedFiles: false,
  ...own,
});

test('system calls: what, answer, how often, and the rule that would allow it', () => {
  const denials = listDenials(
    observations({
      calls: [
        call('socket', DENY, [2n, 1n, 0n]),
        call('socket', DENY, [2n, 0x80001n, 0n], 4),
        call('read', ALLOW),
        call('ptrace', KILL, [16n]),
        call('clone3', ABSENT),
        { number: 999, answer: ABSENT, args: [], count: 2 },
        call('setrlimit', DENY),
      ],
    }),
    [],
  );
  expect(denials).toEqual([
    {
      kind: 'syscall',
      what: 'socket(AF_INET, SOCK_STREAM, 0)',
      answer: 'EPERM',
      count: 5,
      rule: {
        names: ['socket'],
        args: [
          { index: 0, op: '==', value: 2, mask: '0xffffffff' },
          { index: 1, op: '==', value: 1, mask: '0xf' },
          { index: 2, op: '==', value: 0, mask: '0xffffffff' },
        ],
      },
      note: 'Allowed by: network.',
    },
    {
      kind: 'syscall',
      what: 'syscall 999',
      answer: 'ENOSYS',
      count: 2,
      note: 'The tables do not know it; programs fall back at ENOSYS.',
    },
    {
      kind: 'syscall',
      what: 'ptrace(0x10)',
      answer: 'killed',
      count: 1,
      rule: { names: ['ptrace'], args: [{ index: 0, op: '==', value: 16, mask: '0xffffffff' }] },
      note: 'No base policy allows it: reading and steering other processes.',
    },
    {
      kind: 'syscall',
      what: 'setrlimit',
      answer: 'EPERM',
      count: 1,
      rule: { names: ['setrlimit'] },
      note: 'No base policy allows it.',
    },
  ]);
});

test('the rule given does allow the call, and the policy takes it', () => {
  const [denial] = listDenials(observations({ calls: [call('socket', DENY, [16n, 3n, 0n])] }), []);
  const policy = createPolicy('build').addSyscalls([denial?.rule as never]);
  expect(policy.check({ syscall: 'socket', args: [16, 0o2000003, 0], arch: 'x64' })).toBe('allow');
  expect(policy.check({ syscall: 'socket', args: [16, 3, 12], arch: 'x64' })).toBe('errno');
});

test('files: those that no rule covers, with the rule that would', () => {
  const { paths } = createPolicy('minimal').addPaths(['/workspace'], FsAccess.Read);
  const file = (path: string, flags: number, count = 1): Observations['files'][number] => ({
    syscall: 'openat',
    flags,
    found: 'file',
    path,
    count,
  });
  const files = [
    file('/workspace/a', 0),
    file('/workspace/a', 1, 3),
    file('/etc/shadow', 0),
    file('/usr/bin/cc', 0),
    file('/nowhere', 0o10000000),
  ];
  expect(listDenials(observations({ files }), paths)).toEqual([
    {
      kind: 'file',
      what: 'write /workspace/a',
      answer: 'EACCES',
      count: 3,
      rule: { path: '/workspace/a', access: ['write'] },
    },
    {
      kind: 'file',
      what: 'read /etc/shadow',
      answer: 'EACCES',
      count: 1,
      rule: { path: '/etc/shadow', access: ['read'] },
    },
  ]);
});
