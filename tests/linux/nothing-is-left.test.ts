import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { differences, type HostSnapshot, snapshotHost } from '../support/host-snapshot.mjs';
import { reaper, runDirectory, temporary } from '../support/suite.js';

// Runs when all other files are done. Their workers may still be on their way out, hence the patience.
describe('after all containers of the suite', () => {
  const before = JSON.parse(readFileSync(path.join(runDirectory, 'before.json'), 'utf8')) as HostSnapshot;
  const now = (): HostSnapshot => snapshotHost({ reaper, temporary });

  test.for(Object.keys(before) as (keyof HostSnapshot)[])('the same %s as before', async (kind) => {
    await eventually(() => {
      expect(differences(before, now()).filter((line) => line.startsWith(kind))).toEqual([]);
    });
  });
});
