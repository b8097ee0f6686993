import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { attempt, small } from '../support/container.js';
import { makeDecoy } from '../support/decoy.js';
import { failure } from '../support/failure.js';
import { scratchPath } from '../support/scratch.js';

/** Names that archives and other systems' file systems have been led astray by; here each is a name like any other. */
const NAMES = [
  'C:..',
  'C:\\windows',
  '..\\..\\up',
  '...',
  '.. ',
  'trailing.',
  'trailing ',
  'file:stream',
  'CON',
  'e\u0301',
  '\u00E9',
  '\u00DF',
  'ss',
  'SS',
  '-rf',
  '--',
  '~root',
  '$(id)',
  'new\nline',
  '\u202Egnp',
  '%2e%2e',
  'x'.repeat(255),
];

test('CVE-2021-32803, CVE-2026-23745, CVE-2024-12905: names mean themselves on the way in and out', async () => {
  const decoy = makeDecoy();
  const before = decoy.describe();
  await using container = await small();
  const outcomes = await attempt(container, [
    ['mkdir', '/srv/names'],
    ...NAMES.map((name) => ['write', `/srv/names/${name}`, name] as const),
  ]);
  expect(outcomes.filter((outcome) => outcome !== 'ok')).toEqual([]);
  const out = scratchPath('names');
  await container.download([{ from: '/srv/names', to: out }]);
  expect(new Set(readdirSync(out))).toEqual(new Set(NAMES));
  for (const name of NAMES) expect(readFileSync(path.join(out, name), 'utf8')).toBe(name);
  await container.upload([{ from: out, to: '/srv/back' }]);
  const back = scratchPath('back');
  await container.download([{ from: '/srv/back', to: back }]);
  expect(new Set(readdirSync(back))).toEqual(new Set(NAMES));
  expect(decoy.describe()).toEqual(before);
});

test('CVE-2026-39861, CVE-2018-15664: targets that lead through links or up stay in the container', async () => {
  const decoy = makeDecoy();
  const before = decoy.describe();
  const source = scratchPath('source');
  mkdirSync(source);
  writeFileSync(path.join(source, 'planted'), 'planted');
  await using container = await small();
  await attempt(container, [
    ['symlink', '/srv/out', decoy.directory],
    ['symlink', '/srv/up', `${'../'.repeat(40)}${decoy.directory.slice(1)}`],
    ['symlink', '/srv/file', path.join(decoy.directory, 'passwd')],
  ]);
  const targets = ['/srv/out', '/srv/out/', '/srv/out/planted', '/srv/up/sub/', '/srv/file'];
  for (const to of targets)
    await container.upload(
      [
        { from: source, to },
        { from: path.join(source, 'planted'), to },
      ],
      { reject: false },
    );
  for (const to of [`${'/..'.repeat(40)}${decoy.directory}/planted`, '/srv/../../sub'])
    await failure(container.upload([{ from: source, to }]), {
      code: 'ERR_CONTAINERV_INVALID_OPTION',
      message: /without '\.\.'/,
    });
  expect(decoy.describe()).toEqual(before);
});
