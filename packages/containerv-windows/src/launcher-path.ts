import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The native program `serve-exec.exe`; `undefined` when it was not built, or not for this machine. */
export function launcherPath(): string | undefined {
  if (process.platform !== 'win32' || process.arch !== 'x64') return undefined;
  const file = fileURLToPath(new URL('native/x64/serve-exec.exe', import.meta.url));
  return existsSync(file) ? file : undefined;
}
