import { didYouMean } from 'containerv-api';
import { checkList } from './validate/check.js';
import { describeValue, invalidPolicy } from './validate/invalid-policy.js';

/** Linux capabilities in the order of their numbers (linux/capability.h): the first is 0. */
export const capabilityNames = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const;

export type CapabilityName = (typeof capabilityNames)[number];

/** Known names, without repetitions, in the kernel's order. @throws ERR_CONTAINERV_INVALID_POLICY naming the entry */
export function checkCapabilities(value: unknown, entry: string): readonly CapabilityName[] {
  const wanted = checkList(value, entry).map((name, at) => checkCapability(name, `${entry}[${at}]`));
  return sortCapabilities(wanted);
}

export function sortCapabilities(names: readonly CapabilityName[]): readonly CapabilityName[] {
  return capabilityNames.filter((name) => names.includes(name));
}

function checkCapability(value: unknown, entry: string): CapabilityName {
  const known = capabilityNames.find((name) => name === value);
  if (known !== undefined) return known;
  const near = typeof value === 'string' ? didYouMean(value, capabilityNames) : '';
  throw invalidPolicy(`\`${entry}\`: unknown capability ${describeValue(value)}.${near}`);
}
