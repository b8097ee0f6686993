import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Change, Layer } from 'containerv-api';
import { withFileErrors } from '../file-error.js';
import type { HostComputeService } from '../hcs/open-hcs.js';
import { importFolder, refuseExisting } from '../layers/import-folder.js';
import { layerChanges } from '../layers/transport/layer-changes.js';
import { readTombstones, TOMBSTONES } from '../layers/transport/tombstones.js';
import type { PreparedStorage } from '../storage/container-storage.js';
import { withExportedLayer } from './exported-layer.js';

type LayeredStorage = Extract<PreparedStorage, { kind: 'windowsfilter' }>;

export interface SnapshotInput {
  readonly id: string;
  readonly service: HostComputeService;
  readonly storage: LayeredStorage;
  readonly dataDirectory: string;
}

/** What a container wrote as a layer above those that it has. */
export async function takeSnapshot(
  { id, service, storage, dataDirectory }: SnapshotInput,
  target: string,
): Promise<Layer> {
  const place = path.resolve(target);
  return withFileErrors('take snapshot', place, async () => {
    await refuseExisting(place);
    return withExportedLayer(service, storage, dataDirectory, async (folder, layers) => {
      const tombstones = await readTombstones(folder);
      await rm(path.join(folder, TOMBSTONES), { force: true });
      return importFolder(service.storage, place, { folder, tombstones, layers, tag: id });
    });
  });
}

/** What a container changed, by path. */
export async function listChanges({ service, storage, dataDirectory }: SnapshotInput): Promise<Change[]> {
  return withFileErrors('list changes', dataDirectory, async () =>
    withExportedLayer(service, storage, dataDirectory, async (folder, layers) =>
      layerChanges(
        folder,
        layers.map((layer) => layer.path),
      ),
    ),
  );
}
