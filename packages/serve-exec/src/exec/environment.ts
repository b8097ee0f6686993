import type { Environment } from 'containerv-api';

/** Variables of the host that every command gets: what its terminal is, and its user's language. */
const PASSED: ReadonlySet<string> = new Set(['TERM', 'LANG', 'LANGUAGE']);

/**
 * What a command gets besides the container's own environment: nothing of the host's but what is on the allow-list or
 * asked for by name, and what is given with a value.
 */
export function passedEnvironment(
  host: Readonly<Record<string, string | undefined>>,
  asked: readonly string[],
): Environment {
  const passed = new Map<string, string>();
  for (const [name, value] of Object.entries(host)) {
    if (value !== undefined && (PASSED.has(name) || name.startsWith('LC_'))) passed.set(name, value);
  }
  for (const item of asked) {
    const end = item.indexOf('=');
    const value = end === -1 ? host[item] : item.slice(end + 1);
    if (value !== undefined) passed.set(end === -1 ? item : item.slice(0, end), value);
  }
  return Object.fromEntries(passed);
}
