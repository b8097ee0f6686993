import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Container } from 'containerv-linux';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectAlone,
  expectCleanStart,
  expectCredentials,
  expectDevices,
  expectInitHidden,
  expectMasked,
  expectMounts,
} from '../support/confinement.js';
import { makeDecoy } from '../support/decoy.js';
import { type Probe, readProbe } from '../support/probe.js';
import { runProgram } from '../support/program.js';
import { makeRoot, sharedRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';
import { isRoot, program } from '../support/suite.js';

// Newer than Linux 4.18, with the version that brought each; the numbers are the same on every architecture
// (include/uapi/asm-generic/unistd.h).
const NEWER = {
  pidfd_send_signal: 424, // 5.1
  open_tree: 428, // 5.2
  move_mount: 429, // 5.2
  fsopen: 430, // 5.2
  fsconfig: 431, // 5.2
  fsmount: 432, // 5.2
  fspick: 433, // 5.2
  pidfd_open: 434, // 5.3
  clone3: 435, // 5.3
  close_range: 436, // 5.9
  openat2: 437, // 5.6
  pidfd_getfd: 438, // 5.6
  faccessat2: 439, // 5.8
  mount_setattr: 442, // 5.12
  landlock_create_ruleset: 444, // 5.13
  landlock_add_rule: 445, // 5.13
  landlock_restrict_self: 446, // 5.13
  lsm_list_modules: 461, // 6.8
} as const;
type Name = keyof typeof NEWER;

const MOUNT_API: readonly Name[] = ['open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick'];
const KERNELS: readonly (readonly [string, readonly Name[]])[] = [
  ['pidfds', ['pidfd_send_signal', 'pidfd_open', 'pidfd_getfd']],
  ['the mount API', MOUNT_API],
  ['open_tree alone', ['open_tree']],
  ['fsopen alone', ['fsopen']],
  ['clone3', ['clone3']],
  ['close_range', ['close_range']],
  ['openat2', ['openat2']],
  ['faccessat2', ['faccessat2']],
  ['mount_setattr', ['mount_setattr']],
  ['mount_setattr and openat2', ['mount_setattr', 'openat2']],
  ['anything of them', Object.keys(NEWER) as Name[]],
];

interface Report {
  readonly known: string;
  readonly id: string;
  readonly enforced: Container['enforced'];
  readonly probe: Probe;
  readonly [rest: string]: unknown;
}

const EACCES = 13;
const EROFS = 30;
const source = scratchPath('source');
let submount = false;

beforeAll(() => {
  mkdirSync(path.join(source, 'sub'), { recursive: true });
  writeFileSync(path.join(source, 'given'), '');
  if (!isRoot) return;
  execFileSync('mount', ['-t', 'tmpfs', 'containerv-test', path.join(source, 'sub')]);
  submount = true;
});
afterAll(() => {
  if (submount) execFileSync('umount', ['-l', path.join(source, 'sub')]);
});

function hostileRoots(decoy: string): { readonly hostile: Record<string, string>; readonly links: string } {
  const hostile = Object.fromEntries(
    ['proc', 'sys', 'dev'].map((name) => {
      const root = makeRoot(`hostile-${name}`, [name]);
      symlinkSync(decoy, path.join(root, name));
      return [name, root];
    }),
  );
  const links = makeRoot('links');
  symlinkSync(decoy, path.join(links, 'srv/absolute'));
  symlinkSync(`${'../'.repeat(40)}${decoy.slice(1)}`, path.join(links, 'srv/relative'));
  return { hostile, links };
}

async function exercise(missing: readonly Name[], decoy: string, user: boolean): Promise<Report> {
  const numbers = missing.map((name) => NEWER[name]).join(',');
  const options = {
    rootfs: sharedRoot(),
    source,
    decoy,
    ...hostileRoots(decoy),
    hasSyscalls: program('has-syscalls'),
    numbers,
    namespaces: { user },
  };
  const under = [program('without-syscalls'), numbers, '--'];
  const { code, stdout, stderr } = await runProgram('exercise', [JSON.stringify(options)], { under });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Report;
}

describe.for(KERNELS)('a kernel without %s', ([, missing]) => {
  test.for(isRoot ? [true, false] : [true])(
    'does the same as a new one (user namespace %s)',
    async (user) => {
      const decoy = makeDecoy();
      const before = decoy.describe();
      const { known, id, enforced, probe: raw, ...rest } = await exercise(missing, decoy.directory, user);
      expect(known, 'system calls that were there all the same').toBe('');
      expect(decoy.describe()).toEqual(before);
      const layer = 'ERR_CONTAINERV_LAYER';
      expect(rest).toEqual({
        held: true,
        readonly: [EROFS, EROFS, 0],
        command: ['ok', 'ERR_CONTAINERV_SPAWN', 'ERR_CONTAINERV_NOT_FOUND', 'ERR_CONTAINERV_TIMEOUT', 'ok'],
        outputs: true,
        joined: 'joined\n',
        killed: 'SIGKILL',
        kept: [0],
        fixed: [EROFS, 0, expect.toBeOneOf([EROFS, EACCES])],
        memory: [0],
        own: true,
        refused: {
          proc: layer,
          sys: layer,
          dev: layer,
          '/srv/absolute/new': layer,
          '/srv/relative/sub': layer,
          '/srv/absolute': layer,
        },
        left: [[], []],
      });
      const seen = readProbe(raw);
      const container = { id, enforced } as Container;
      const namespaces = ['mount', 'pid', 'net', 'ipc', 'uts', 'cgroup', ...(user ? ['user'] : [])];
      expectCredentials(seen, container, 'build');
      expectCleanStart(seen, container);
      expectAlone(seen, container, namespaces);
      expectInitHidden(seen);
      expectDevices(seen);
      expectMasked(seen);
      expectMounts(seen, false);
    },
  );
});
