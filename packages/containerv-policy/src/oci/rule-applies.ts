import type { Arch } from '../arch.js';
import { checkList, checkRecord, checkText } from '../validate/check.js';
import { unexpected } from '../validate/invalid-policy.js';

/** Where a profile is going to be used, for the conditions of its rules. */
export interface OciTarget {
  readonly capabilities: readonly string[];
  readonly kernel: KernelVersion;
}

export type KernelVersion = readonly [major: number, minor: number];

/** Go's names, which `arches` lists. */
const goArch: Readonly<Record<Arch, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Whether a rule with these conditions holds on `arch`: all of `includes`, none of `excludes`. */
export function ruleApplies(
  includes: unknown,
  excludes: unknown,
  arch: Arch,
  target: OciTarget,
  entry: string,
): boolean {
  const wanted = readConditions(includes, `${entry}.includes`);
  const unwanted = readConditions(excludes, `${entry}.excludes`);
  return (
    (wanted.caps ?? []).every((name) => target.capabilities.includes(name)) &&
    (wanted.arches === undefined || wanted.arches.includes(goArch[arch])) &&
    (wanted.minKernel === undefined || isAtLeast(target.kernel, wanted.minKernel)) &&
    !(unwanted.caps ?? []).some((name) => target.capabilities.includes(name)) &&
    !(unwanted.arches ?? []).includes(goArch[arch]) &&
    (unwanted.minKernel === undefined || !isAtLeast(target.kernel, unwanted.minKernel))
  );
}

interface Conditions {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
  readonly minKernel?: KernelVersion;
}

/** An empty list is no condition, as in Docker, which omits empty lists when it writes profiles. */
function readConditions(value: unknown, entry: string): Conditions {
  if (value === undefined || value === null) return {};
  const { caps, arches, minKernel } = checkRecord(value, entry, ['caps', 'arches', 'minKernel']);
  const texts = (list: unknown, name: string): readonly string[] =>
    checkList(list ?? [], `${entry}.${name}`).map((text, at) =>
      checkText(text, `${entry}.${name}[${at}]`, 64),
    );
  const inArches = texts(arches, 'arches');
  return {
    caps: texts(caps, 'caps'),
    ...(inArches.length === 0 ? {} : { arches: inArches }),
    ...(minKernel === undefined || minKernel === ''
      ? {}
      : { minKernel: checkKernel(minKernel, `${entry}.minKernel`) }),
  };
}

export function checkKernel(value: unknown, entry: string): KernelVersion {
  const match = typeof value === 'string' ? /^(\d{1,4})\.(\d{1,4})(?:\D.{0,100})?$/.exec(value) : null;
  if (match === null) throw unexpected(entry, 'a kernel version like `5.10`', value);
  return [Number(match[1]), Number(match[2])];
}

function isAtLeast([major, minor]: KernelVersion, [wantedMajor, wantedMinor]: KernelVersion): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
