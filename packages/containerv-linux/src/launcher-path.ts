import { existsSync } from 'node:fs';
import path from 'node:path';
import { nativeDirectory } from './native.js';

/** The native program `serve-exec`; `undefined` when it was not built for this machine. */
export function launcherPath(): string | undefined {
  const file = path.join(nativeDirectory(), 'serve-exec');
  return existsSync(file) ? file : undefined;
}
