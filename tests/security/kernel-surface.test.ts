import { createPolicy } from 'containerv-linux';
import { FsAccess } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { mounter } from '../support/attack.js';
import { errorName, json, small } from '../support/container.js';
import { isRoot } from '../support/suite.js';
import { textOf } from '../support/collect.js';

const PRESETS = ['minimal', 'build', 'network', 'custom'] as const;
const USERS = isRoot ? [true, false] : [true];
const AF_ALG = 38;
const AF_NETLINK = 16;
const NETLINK_NETFILTER = 12;
const CLONE_NEWUSER = 0x10000000;

function verdicts(syscall: string, args: readonly number[] = []): Record<string, string> {
  return Object.fromEntries(PRESETS.map((name) => [name, createPolicy(name).check({ syscall, args })]));
}

const NOWHERE = Object.fromEntries(PRESETS.map((name) => [name, 'errno']));

describe('no policy gives', () => {
  test.for<readonly [string, string, readonly number[]]>([
    ['CVE-2026-31431: AF_ALG', 'socket', [AF_ALG, 5, 0]],
    ['CVE-2024-1086: nf_tables', 'socket', [AF_NETLINK, 3, NETLINK_NETFILTER]],
    ['CVE-2022-0185: user namespaces, by unshare', 'unshare', [CLONE_NEWUSER]],
    ['CVE-2022-0185: user namespaces, by clone', 'clone', [CLONE_NEWUSER]],
    ['CVE-2022-0185: fsconfig', 'fsconfig', []],
    ['CVE-2023-0386, CVE-2021-3493: mounts of overlays', 'mount', []],
    ['CVE-2021-41133: mounts by the newer calls', 'fsopen', []],
    ['CVE-2021-41133: moved mounts', 'move_mount', []],
    ['CVE-2021-41133: opened trees', 'open_tree', []],
    ['CVE-2021-41133: changed mounts', 'mount_setattr', []],
    ['setns', 'setns', []],
    ['io_uring', 'io_uring_setup', []],
    ['keyrings', 'keyctl', []],
    ['eBPF', 'bpf', []],
    ['userfaultfd', 'userfaultfd', []],
    ['files by handle', 'open_by_handle_at', []],
  ])('%s', ([, syscall, args]) => {
    expect(verdicts(syscall, args)).toEqual(NOWHERE);
  });

  test('CVE-2026-31431: sockets by the 32-bit door, which ends the process', async (context) => {
    if (process.arch !== 'x64') return context.skip('has no 32-bit door');
    for (const policy of ['build', 'network'] as const) {
      await using container = await small({ policy });
      const { signal } = await container.run('foreign-abi', [], { reject: false });
      expect(signal).toBe('SIGSYS');
    }
  });

  test('CVE-2017-5226, CVE-2019-7303, CVE-2023-1523: input typed at a terminal, whatever the upper bits', async () => {
    for (const policy of ['build', 'network', 'minimal'] as const) {
      await using container = await small({ policy });
      const process = await container.spawn('push-input', [], { tty: true });
      const told = JSON.parse(await textOf(process.stdout)) as Record<string, number>;
      expect(Object.entries(told).map(([name, errno]) => [name, errorName(errno)])).toEqual(
        Object.keys(told).map((name) => [name, 'EPERM']),
      );
      expect(Object.keys(told)).toHaveLength(4);
      await process.wait();
    }
  });
});

describe('CVE-2023-25809, CVE-2022-0811: nothing of the kernel’s can be written to', () => {
  const policies = (['minimal', 'build', 'network'] as const).map(
    (name) => [name, createPolicy(name).addPaths(['/'], FsAccess.All)] as const,
  );
  const cases = policies.flatMap(([name, policy]) => USERS.map((user) => [name, user, policy] as const));

  test.for(cases)('policy %s, user namespace %s', async ([, user, policy]) => {
    await using container = await small({ policy, namespaces: { user } });
    const { seen, writable } = await json<{ seen: number; writable: string[] }>(container, 'scan', [
      '/proc',
      '/sys',
    ]);
    expect(seen).toBeGreaterThan(500);
    expect(writable).toEqual([]);
  });

  test('under a policy that lets root change mounts', async () => {
    await using container = await small({ policy: mounter });
    const { writable } = await json<{ writable: string[] }>(container, 'scan', ['/proc', '/sys']);
    expect(writable).toEqual([]);
  });

  test.skipIf(!isRoot)('on the host’s network, where /sys is the host’s own', async () => {
    await using container = await small({ network: 'host' });
    const { writable } = await json<{ writable: string[] }>(container, 'scan', ['/proc', '/sys']);
    expect(writable).toEqual([]);
  });
});
