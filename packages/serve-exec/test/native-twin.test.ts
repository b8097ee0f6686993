import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HELP } from '../src/help.js';

test('the native program prints the same help', () => {
  const header = readFileSync(
    new URL('../../containerv-linux/native/serve-exec/help.h', import.meta.url),
    'utf8',
  );
  expect(/R"\((.*)\)"/s.exec(header)?.[1]).toBe(HELP);
});
