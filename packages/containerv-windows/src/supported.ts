import {
  ContainervError,
  type ContainerSpec,
  type PolicyName,
  type ProcessSpec,
  type SecurityPolicy,
} from 'containerv-api';
import { createPolicy } from 'containerv-policy';
import type { Guest } from './documents/guest.js';
import { policyOf } from './security/policy.js';
import { wantedVolumes } from './volumes/wanted-volumes.js';

/** Refuses what the contract has and Windows, or this driver, does not enforce. Nothing is left out silently. */
export function refuseUnsupported(spec: ContainerSpec, guest: Guest): void {
  refuseOptions(spec, guest);
  if (guest.os === 'windows') refuseInWindowsGuest(spec, guest);
  else refuseInLinuxGuest(spec, guest);
  refuseRules(spec.policy, spec.network.mode !== 'none');
}

function refuseOptions(spec: ContainerSpec, guest: Guest): void {
  if (spec.root.kind === 'host') {
    throw unsupported(
      "`rootfs: 'host'`",
      'Give `rootfs` the path of a windowsfilter folder, or of a root directory for a Linux container.',
    );
  }
  if (
    spec.root.kind === 'layers' &&
    spec.root.layers.some(({ type }) => type === 'image' || type === 'overlay')
  ) {
    throw unsupported("layers of type 'image' and 'overlay'");
  }
  if (spec.network.mode === 'host') throw unsupported("`network: 'host'`");
  if (spec.network.mode === 'private' && spec.network.bridge !== undefined) {
    throw unsupported('`network.bridge`', 'Name the virtual switch with `network.switchName`.');
  }
  refuseVolumes(spec, guest);
  if (spec.devices.length > 0) throw unsupported('`devices`');
  if (spec.users !== 'auto') throw unsupported('`users`');
  if (spec.groups !== 'auto') throw unsupported('`groups`');
  const { time, ...others } = spec.namespaces;
  if (Object.values(others).includes(false)) throw unsupported('`namespaces` that are off');
  if (time) throw unsupported('`namespaces.time`');
  if (spec.domainname !== '') throw unsupported('`domainname`');
  if (spec.cpuAffinity !== undefined) throw unsupported('`cpuAffinity`');
  for (const mount of spec.mounts) {
    if (mount.type === 'bind' && !mount.recursive) throw unsupported('`recursive: false` in `mounts`');
    if (!mount.create) throw unsupported('`create: false` in `mounts`');
  }
}

/** As many as the disks of a virtual machine that has two already. */
const MAX_VOLUMES = 62;

function refuseVolumes(spec: ContainerSpec, { os, isolation, schema }: Guest): void {
  const { length } = wantedVolumes(spec);
  if (length === 0) return;
  if (os === 'linux') throw unsupported('`windows.volumes` of a Linux container, which cannot read NTFS');
  if (isolation === 'hyperv' && schema === 'v1') {
    throw unsupported(
      '`windows.volumes` with Hyper-V isolation in schema v1',
      "They need Windows build 17763 or newer, and no `windows.schema`; or `windows.isolation: 'process'`.",
    );
  }
  if (length > MAX_VOLUMES) throw unsupported(`more than ${MAX_VOLUMES} \`windows.volumes\``);
}

function refuseInWindowsGuest(spec: ContainerSpec, guest: Guest): void {
  if (spec.windows?.credentialSpec !== undefined && guest.schema === 'v2') {
    throw unsupported(
      '`windows.credentialSpec` in schema v2, where it takes a guard instance of the host',
      "Set `windows.schema: 'v1'`.",
    );
  }
  if (spec.writable !== 'overlay')
    throw unsupported(`\`writable: ${shown(spec.writable)}\` of a Windows container`);
  if (spec.rlimits.length > 0) throw unsupported('`rlimits` of a Windows container');
  if (Object.keys(spec.sysctls).length > 0) throw unsupported('`sysctls` of a Windows container');
  if (spec.bpfLsm) throw unsupported('`bpfLsm` of a Windows container');
  if (spec.oomScoreAdj !== undefined) throw unsupported('`oomScoreAdj` of a Windows container');
  if (spec.mounts.some(({ type }) => type === 'tmpfs'))
    throw unsupported('`tmpfs` mounts in a Windows container');
}

function refuseInLinuxGuest(spec: ContainerSpec, guest: Guest): void {
  if (guest.schema === 'v1') {
    throw unsupported(
      'Linux containers in schema v1, whose later processes would not be confined as the first one',
      'They need Windows build 17763 or newer, and no `windows.schema`.',
    );
  }
  if (spec.root.kind === 'layers') throw unsupported('`layers` of a Linux container on Windows');
  if (spec.writable === 'tmpfs' || spec.writable === 'overlay') {
    throw unsupported(
      `\`writable: '${spec.writable}'\` of a Linux container, whose root is a share of the host's directory`,
      "Set `writable: 'direct'`, which writes to that directory, or `writable: false`.",
    );
  }
  if (spec.windows?.credentialSpec !== undefined)
    throw unsupported('`windows.credentialSpec` of a Linux container');
}

/** As {@link refuseUnsupported}, for one process of a container. */
export function refuseUnsupportedProcess(
  process: ProcessSpec,
  { os }: Pick<Guest, 'os'>,
  hasNetwork: boolean,
): void {
  if (process.logBytes !== undefined && process.detached) {
    throw unsupported(
      '`log` of a `detached` process, whose output nobody would be left to keep',
      'Leave `detached` out: the process and its log then last as long as this program.',
    );
  }
  if (process.jobControl) {
    throw unsupported(
      '`jobControl`',
      'Processes of Windows cannot be stopped and continued, and the Host Compute Service does not tell of those of Linux that are.',
    );
  }
  if (process.stderrApart !== undefined) throw unsupported('a terminal with stderr apart');
  if (os === 'windows' && process.rlimits.length > 0) throw unsupported('`rlimits` of a Windows container');
  if (process.policy === undefined) return;
  // Its system call filter is the container's, whatever a process says.
  if (os === 'linux') throw unsupported('`policy` for one process of a Linux container');
  refuseRules(process.policy, hasNetwork);
}

/** A policy's rules for files and the network have nothing on Windows that would hold them. */
function refuseRules(wanted: SecurityPolicy | PolicyName, hasNetwork: boolean): void {
  const policy = policyOf(wanted);
  // One by name is a base, and making the others to compare it with takes as long as making a container.
  if (typeof wanted !== 'string' && confinesFiles(policy)) {
    throw unsupported('enforcement of file rules, and the policy confines files (`addPaths`)');
  }
  if (policy.networkRules !== undefined && hasNetwork) {
    throw unsupported('enforcement of network rules, and the policy has some (`addNetworkRules`)');
  }
}

function confinesFiles({ paths }: ReturnType<typeof policyOf>): boolean {
  const key = (some: typeof paths): string => JSON.stringify([...some]);
  const bases = ['minimal', 'build', 'network', 'custom'] as const;
  return !bases.some((base) => key(createPolicy(base).paths) === key(paths));
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function unsupported(what: string, hint?: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `containerv-windows has no ${what}`, {
    step: 'check options',
    hint:
      hint ??
      'It is refused because ignoring it would give you less than you asked for. Leave the option out.',
  });
}
