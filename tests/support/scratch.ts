import { chmodSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { temporary } from './suite.js';

/** A directory of this test file alone; `setup.ts` removes it at the end. */
export const scratch = mkdtempSync(path.join(temporary, 'file-'));
// What lies in it is given to programs of other users.
chmodSync(scratch, 0o755);

let made = 0;

/** A path in the scratch directory that nothing else has. */
export function scratchPath(name: string): string {
  return path.join(scratch, `${++made}-${name}`);
}
