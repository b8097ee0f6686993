// What tests use beyond what building needs, each with the Debian package that brings it. Root is given what is missing,
// where apt-get is; everybody else is told, and the tests that need it are skipped by name.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { runAsScript } from './bootstrap.mjs';

const OFF = 'CONTAINERV_TEST_INSTALL';

/** @type {readonly (readonly [what: string, program: string, packages: readonly string[], architecture?: string])[]} */
const NEEDED = [
  ['private networks', 'nft', ['nftables']],
  ['private networks', 'ip', ['iproute2']],
  ['networks without root', 'pasta', ['passt']],
  ['subordinate ids', 'newuidmap', ['uidmap']],
  ['image layers', 'mksquashfs', ['squashfs-tools']],
  ['image layers', 'mkfs.erofs', ['erofs-utils']],
  ['layers without the kernel’s overlay', 'fuse-overlayfs', ['fuse-overlayfs']],
  ['terminals', 'tmux', ['tmux']],
  ['terminals', 'vi', ['vim-tiny']],
  ['terminals', 'less', ['less']],
  ['terminals', 'top', ['procps']],
  ['builds in containers', 'cmake', ['cmake']],
  ['builds in containers', 'git', ['git']],
  ['fuzzing', 'clang++', ['clang', 'libclang-rt-dev']],
  ['checks of the C++', 'clang-tidy', ['clang-tidy']],
  ['checks of the C++', 'valgrind', ['valgrind']],
  ['code for Windows', 'wine', ['wine', 'wine64'], 'x64'],
  ['code for Windows', 'x86_64-w64-mingw32-g++-posix', ['g++-mingw-w64-x86-64-posix'], 'x64'],
  ['code for Windows', 'x86_64-w64-mingw32-gcc-posix', ['gcc-mingw-w64-x86-64-posix'], 'x64'],
  ['a stock kernel', 'qemu-system-x86_64', ['qemu-system-x86', 'qemu-system-common'], 'x64'],
  ['a stock kernel', 'mkfs.ext4', ['e2fsprogs'], 'x64'],
  ['a stock kernel', 'zstd', ['zstd'], 'x64'],
  ['a stock kernel', 'xz', ['xz-utils'], 'x64'],
];

/** @returns what `has` does not find, by purpose: its packages. */
export function missingPrograms({ architecture = process.arch, has = isInstalled } = {}) {
  /** @type {Map<string, Set<string>>} */
  const missing = new Map();
  for (const [what, program, packages, only = architecture] of NEEDED) {
    if (only !== architecture || has(program)) continue;
    const wanted = missing.get(what) ?? new Set();
    for (const name of packages) wanted.add(name);
    missing.set(what, wanted);
  }
  return missing;
}

/** What is to be done about `missing`: nothing, tell, or install, with what is printed first. */
export function planInstallation(missing, { isRoot, hasApt, switchedOff }) {
  if (missing.size === 0) return undefined;
  const names = [...new Set([...missing.values()].flatMap((packages) => [...packages]))].toSorted((a, b) =>
    a.localeCompare(b),
  );
  const install = ['install', '-y', '--no-install-recommends', ...names];
  const purposes = [...missing.keys()].join(', ');
  if (isRoot && hasApt && !switchedOff) {
    return {
      install,
      says: `Installing what tests of ${purposes} need (without: ${OFF}=off):\n  ${names.join(' ')}`,
    };
  }
  return {
    says: [
      `Skipped, for want of programs: tests of ${purposes}. Debian has them:`,
      `  ${isRoot ? '' : 'sudo '}apt-get ${install.filter((word) => word !== '-y').join(' ')}`,
    ].join('\n'),
  };
}

/** Says what it does, and does it. What cannot be installed is a word of warning: the tests name what they skip. */
export function installTestPrograms() {
  const plan = planInstallation(missingPrograms(), {
    isRoot: process.getuid?.() === 0,
    hasApt: isInstalled('apt-get'),
    switchedOff: process.env[OFF] === 'off',
  });
  if (plan === undefined) return;
  console.log(plan.says);
  if (plan.install === undefined) return;
  if (!apt(['update', '-q']) || !apt(plan.install)) {
    console.error('Not all of it could be installed; what is missing is skipped by name.');
  }
}

function apt(args) {
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0'];
  const { status, stdout, stderr } = spawnSync('apt-get', [...options, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status !== 0)
    console.error(`apt-get ${args[0]}: ${`${stdout}${stderr}`.trim().split('\n').slice(-5).join('\n')}`);
  return status === 0;
}

/** Administrators' programs are not on everybody's PATH. */
function isInstalled(program) {
  const places = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return places.some((place) => place !== '' && existsSync(`${place}/${program}`));
}

await runAsScript(import.meta.url, installTestPrograms);
