import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isContainervError } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import { attempt, small } from '../support/container.js';
import { makeDecoy } from '../support/decoy.js';
import { RACED_STARTS, whileFlipping } from '../support/flipper.js';
import { mountsBesideTests } from '../support/host-snapshot.mjs';
import { scratchPath } from '../support/scratch.js';

describe('CVE-2024-42472: what is mounted is what was opened, while its name changes hands', () => {
  test('a source that is a directory now and a link to another then is read-only, whichever it was', async () => {
    const decoy = makeDecoy();
    const before = decoy.describe();
    const parent = scratchPath('sources');
    mkdirSync(path.join(parent, 'source'), { recursive: true });
    writeFileSync(path.join(parent, 'source/mark'), 'own');
    symlinkSync(decoy.directory, path.join(parent, 'link'));
    const mounts = mountsBesideTests();
    await whileFlipping(path.join(parent, 'source'), path.join(parent, 'link'), async () => {
      for (let round = 0; round < RACED_STARTS / 2; round++) {
        try {
          await using container = await small({
            mounts: [{ source: path.join(parent, 'source'), target: '/srv', readonly: true }],
          });
          const outcomes = await attempt(container, [
            ['create', '/srv/planted'],
            ['write', '/srv/mark', 'changed'],
            ['unlink', '/srv/passwd'],
          ]);
          // EROFS or, of what is not in the one that it is, ENOENT.
          expect(outcomes[0]).toBe('EROFS');
          expect(outcomes).not.toContain('ok');
        } catch (error) {
          if (!isContainervError(error)) throw error;
        }
      }
    });
    expect(decoy.describe()).toEqual(before);
    expect(markOf(parent)).toBe('own');
    expect(mountsBesideTests()).toEqual(mounts);
  });
});

/** The flipper may have left either by either name. */
function markOf(parent: string): string {
  for (const name of ['source', 'link']) {
    try {
      return readFileSync(path.join(parent, name, 'mark'), 'utf8');
    } catch {
      // The decoy, which has none.
    }
  }
  return '';
}
