import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { threadId } from 'node:worker_threads';
import { temporary } from './suite.js';

/** A directory of this test file alone; `setup.ts` removes it at the end. */
export const scratch: string = path.join(temporary, `file-${process.pid}-${threadId}-${Date.now()}`);

let made = 0;
let over = false;

/** A path in the scratch directory that nothing else has. */
export function scratchPath(name: string): string {
  makeScratch();
  return path.join(scratch, `${++made}-${name}`);
}

/** Not before it is needed: nobody removes it after a file of which every test is skipped. */
export function makeScratch(): void {
  if (over) throw new Error('The tests of this file are over, and this one with them');
  mkdirSync(scratch, { recursive: true });
  // What lies in it is given to programs of other users.
  chmodSync(scratch, 0o755);
}

/** A test that ran out of time goes on; what it makes from here on would stay. It ends here, with its containers. */
export function closeScratch(): void {
  over = true;
}
