import { existsSync, readdirSync } from 'node:fs';
import { pruneContainers } from 'containerv-linux';
import { expect } from 'vitest';
import { eventually } from './eventually.js';
import { snapshotHost } from './host-snapshot.mjs';

/** What is on the host of a container: its directories and its control groups. */
export function remainsOf(id: string): string[] {
  const groups = snapshotHost(undefined).cgroups.filter((group) => group.endsWith(`/${id}`));
  return [...keptIds().filter((name) => name === id), ...groups];
}

/** Names in the state and data directories of this test file. */
export function keptIds(): string[] {
  return ['CONTAINERV_STATE_DIR', 'CONTAINERV_DATA_DIR'].flatMap((name) => {
    const directory = process.env[name] ?? '';
    return existsSync(directory) ? readdirSync(directory) : [];
  });
}

/**
 * Clears what programs left that were killed a moment ago. Their containers may still be dying, which a prune
 * respects, so it is tried again; it never fails.
 */
export async function pruneAll(): Promise<void> {
  const failed: unknown[] = [];
  await eventually(async () => {
    failed.push(...(await pruneContainers()).failed);
    expect(keptIds()).toEqual([]);
  });
  expect(failed).toEqual([]);
}
