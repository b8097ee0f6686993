import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Container, ContainerOptions } from 'containerv-api';
import { createOn } from '../../../packages/containerv-windows/src/create-container.js';
import type { HostFacts } from '../../../packages/containerv-windows/src/host-facts.js';
import { makeImage, NOTHING_LEFT, report } from './fake.js';
import { networksLeft } from './fake-networks.js';

/** A machine of today, whatever build Wine says that it is. */
export const TODAY: HostFacts = { build: 20_348, processors: 2, arch: 'x64' };

/** Directories of this run alone, and an image to make containers from. */
export interface DriverHome {
  readonly image: ReturnType<typeof makeImage>;
  readonly state: string;
  readonly data: string;
  create(options?: ContainerOptions, facts?: HostFacts): Promise<Container>;
  /** Nothing is left anywhere, and nothing was done that the service would not have forgiven. */
  checkNothingLeft(): Promise<void>;
  remove(): void;
}

export function driverHome(): DriverHome {
  const folder = mkdtempSync(path.join(tmpdir(), 'containerv-driver-'));
  const state = path.join(folder, 'state');
  const data = path.join(folder, 'data');
  process.env['CONTAINERV_STATE_DIR'] = state;
  process.env['CONTAINERV_DATA_DIR'] = data;
  const image = makeImage();
  return {
    image,
    state,
    data,
    create: async (options = {}, facts = TODAY) => createOn(facts, { rootfs: image.top, ...options }),
    async checkNothingLeft() {
      assert.deepEqual(await report(), NOTHING_LEFT);
      assert.deepEqual(networksLeft(), { endpoints: [], namespaces: [] });
      assert.deepEqual([entries(state), entries(data)], [[], []]);
    },
    remove() {
      image.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
