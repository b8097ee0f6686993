import { S_IFMT, cloneFlags, int32, newNamespaces, socketTypeMask } from '../base/kernel-values.js';

/** How an argument tells calls apart: by the bits of a mask, or by whether it is 0. */
export type Interest =
  | { readonly index: number; readonly mask: bigint }
  | { readonly index: number; readonly zero: true };

const bits = (index: number, mask: number): Interest => ({ index, mask: BigInt(mask) });
const first = bits(0, int32);
const second = bits(1, int32);
const socket: readonly Interest[] = [first, bits(1, socketTypeMask), bits(2, int32)];

/**
 * Arguments that decide what a call is: a policy that was learned has them as conditions. Other arguments (addresses,
 * sizes, descriptors) differ with every call and say nothing.
 */
const interests: Readonly<Record<string, readonly Interest[]>> = {
  socket,
  socketpair: socket,
  ioctl: [second],
  prctl: [first],
  arch_prctl: [first],
  personality: [first],
  clone: [bits(0, cloneFlags.CLONE_THREAD | newNamespaces)],
  mknod: [bits(1, S_IFMT)],
  mknodat: [bits(2, S_IFMT)],
  // Whether limits are set or only read.
  prlimit64: [{ index: 2, zero: true }],
  seccomp: [first],
  unshare: [bits(0, newNamespaces)],
  setns: [second],
  keyctl: [first],
  bpf: [first],
  ptrace: [first],
};

export function interestsOf(name: string): readonly Interest[] {
  return Object.hasOwn(interests, name) ? (interests[name] ?? []) : [];
}
