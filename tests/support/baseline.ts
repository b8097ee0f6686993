import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { containerGroups, mountsBesideTests } from './host-snapshot.mjs';
import { isGone } from './host.js';
import { keptIds } from './remains.js';
import { without } from './multiset.mjs';

/** All that containers have on a machine besides what runs, as far as this test file made it. */
export interface Baseline {
  readonly kept: readonly string[];
  readonly mounts: readonly string[];
  readonly loops: readonly string[];
}

export function takeBaseline(): Baseline {
  return { kept: keptIds(), mounts: mountsBesideTests(), loops: loops() };
}

/** Fails when something is there that was not, apart from what others on this machine may make meanwhile. */
export function expectBaseline(before: Baseline, ids: readonly string[], family: readonly number[]): void {
  expect(
    family.filter((pid) => !isGone(pid)),
    'processes',
  ).toEqual([]);
  expect(without(keptIds(), before.kept), 'state and data').toEqual([]);
  expect(groupsOf(ids), 'control groups').toEqual([]);
  expect(without(mountsBesideTests(), before.mounts).filter(isOurs), 'mounts').toEqual([]);
  expect(without(loops(), before.loops).filter(isOurs), 'loop devices').toEqual([]);
}

function groupsOf(ids: readonly string[]): string[] {
  return containerGroups().filter((group) => ids.includes(path.basename(group)));
}

function isOurs(text: string): boolean {
  return text.includes(process.env['CONTAINERV_TEST_RUN'] ?? 'containerv-tests-');
}

/** What loop devices lead to. */
function loops(): string[] {
  if (!existsSync('/sys/block')) return [];
  return readdirSync('/sys/block').flatMap((name) => {
    try {
      return name.startsWith('loop')
        ? [readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8').trim()]
        : [];
    } catch {
      return [];
    }
  });
}
