import { DEFAULT_PATH } from 'containerv-api';

const WINDOWS_PATH = 'C:\\Windows\\System32;C:\\Windows';

/**
 * The environment of a process in a Windows container. Names are compared without case there, so of two spellings the
 * later one stays; the search path that options start with is Linux's, and becomes Windows' own. Variables with empty
 * values go: Windows has none.
 */
export function windowsEnvironment(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const byKey = new Map<string, readonly [string, string]>();
  for (const [name, value] of Object.entries(env)) {
    const key = name.toUpperCase();
    // A default never replaces what was given in another spelling.
    if (name === 'PATH' && value === DEFAULT_PATH && byKey.has(key)) continue;
    byKey.set(key, [name, name === 'PATH' && value === DEFAULT_PATH ? WINDOWS_PATH : value]);
  }
  return Object.fromEntries([...byKey.values()].filter(([, value]) => value !== ''));
}
