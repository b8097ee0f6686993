import { didYouMean } from 'containerv-api';
import type { Arch } from '../arch.js';
import { describeValue, invalidPolicy } from '../validate/invalid-policy.js';
import { arm64 } from './arm64.js';
import { elsewhere } from './elsewhere.js';
import { x64 } from './x64.js';

const numbers: Readonly<Record<Arch, Readonly<Record<string, number>>>> = { x64, arm64 };

/** The number of `name` on `arch`, or `undefined` where that architecture does not have it (arm64 has no `open`). */
export function syscallNumber(name: string, arch: Arch): number | undefined {
  // `hasOwn`, because `constructor` is no syscall.
  return Object.hasOwn(numbers[arch], name) ? numbers[arch][name] : undefined;
}

/** Every syscall of `arch` as `[name, number]`, ascending by number. */
export function syscallEntries(arch: Arch): readonly (readonly [string, number])[] {
  return Object.entries(numbers[arch]);
}

/** Whether a policy can name it: x64 or arm64 has it. */
export function isSyscallName(name: string): boolean {
  return Object.hasOwn(x64, name) || Object.hasOwn(arm64, name);
}

/** Whether another architecture has it, and neither of ours. Published profiles are full of these. */
export function isForeignSyscallName(name: string): boolean {
  return elsewhere.includes(name);
}

/** @throws ERR_CONTAINERV_INVALID_POLICY naming `entry`, and the nearest known name. */
export function checkSyscallName(name: unknown, entry: string): string {
  if (typeof name === 'string' && isSyscallName(name)) return name;
  if (typeof name === 'string' && isForeignSyscallName(name))
    throw invalidPolicy(`\`${entry}\`: syscall \`${name}\` exists on other architectures only`);
  const near = typeof name === 'string' ? didYouMean(name, Object.keys({ ...x64, ...arm64 })) : '';
  throw invalidPolicy(`\`${entry}\`: unknown syscall ${describeValue(name)}.${near}`);
}

/** The name of a number on `arch`, or `undefined` for one that the tables do not know. */
export function syscallName(number: number, arch: Arch): string | undefined {
  return syscallEntries(arch).find(([, known]) => known === number)?.[0];
}
