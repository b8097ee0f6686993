import type { DeviceRule } from './device-rules.js';

/** How the devices controller of cgroup v1 writes a rule (Documentation/admin-guide/cgroup-v1/devices.rst). */
export function deviceLine({ type, major, minor, access }: DeviceRule): string {
  return `${type === 'block' ? 'b' : 'c'} ${major}:${minor ?? '*'} ${access}`;
}

/**
 * What `devices.list` says beside what was wanted.
 * @returns `extra`: what may be done and was not wanted; `missing`: the other way round, as where the group above has less
 */
export function compareDeviceList(
  rules: readonly DeviceRule[],
  list: string,
): { readonly extra: readonly string[]; readonly missing: readonly string[] } {
  const wanted = rules.map((rule) => deviceLine(rule));
  const held = list.split('\n').filter((line) => line !== '');
  return {
    extra: held.filter((line) => !wanted.includes(line)),
    missing: wanted.filter((line) => !held.includes(line)),
  };
}
