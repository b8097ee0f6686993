// Before and after every test file: places of its own for what containers keep on the host, and a look at what is left.
import { existsSync, readdirSync, rmSync, watch } from 'node:fs';
import path from 'node:path';
import { createContainer } from 'containerv-linux';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { openDescriptors, settledDescriptors } from './descriptors.js';
import { eventually } from './eventually.js';
import { without } from './multiset.mjs';
import { closeScratch, makeScratch, scratch } from './scratch.js';
import { temporary } from './suite.js';

const state = path.join(scratch, 'state');
const data = path.join(scratch, 'data');
process.env['CONTAINERV_STATE_DIR'] = state;
process.env['CONTAINERV_DATA_DIR'] = data;
// What is put into a temporary directory is found when the suite has ended.
process.env['TMPDIR'] = temporary;

let descriptors: readonly string[] = [];

beforeAll(async () => {
  makeScratch();
  // A first container, for what the driver opens once and keeps for all of them.
  await (await createContainer()).destroy();
  // Node opens one descriptor for all that is watched, and keeps it (control groups of version 2 are).
  watch(scratch).close();
  descriptors = await settledDescriptors();
});

const entries = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : []);

let failed = false;
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    failed = true;
  });
});

function expectNothingKept(): void {
  expect(entries(state), 'state directories at the end of the file').toEqual([]);
  expect(entries(data), 'data directories at the end of the file').toEqual([]);
}

afterAll(async () => {
  closeScratch();
  try {
    // A test that ran out of time goes on until it wants more of us, and its containers go when it ends.
    if (failed) await eventually(expectNothingKept);
    else expectNothingKept();
    await eventually(() => {
      expect(without(openDescriptors(), descriptors), 'descriptors of this process').toEqual([]);
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
