import { promises as files } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { win32 } from 'node:path';
import type { HostComputeService } from '../hcs/open-hcs.js';
import { kindOf } from '../layers/layer-file-system.js';
import { identifyAll, type PreparedStorage, scratchOf } from '../storage/container-storage.js';
import type { Layer } from '../storage/layer-storage.js';

/** Below a container's data directory, while its changes are read. */
function exportOf(dataDirectory: string): string {
  return win32.join(dataDirectory, 'export');
}

/** Has a container's own layer, which nothing uses, as a folder for as long as `work` takes. */
export async function withExportedLayer<T>(
  service: HostComputeService,
  { layers }: Extract<PreparedStorage, { kind: 'windowsfilter' }>,
  dataDirectory: string,
  work: (folder: string, layers: readonly Layer[]) => Promise<T>,
): Promise<T> {
  const { storage, privileges } = service;
  await privileges.enableBackup();
  await endExport(service, dataDirectory);
  const folder = exportOf(dataDirectory);
  await mkdir(folder);
  try {
    const parents = await identifyAll(
      storage,
      layers.map(({ path }) => path),
    );
    await storage.exportLayer(scratchOf(dataDirectory), folder, parents);
    return await work(folder, parents);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Takes back what a program that was killed had begun: its folder says that the layer may be mounted still. */
export async function endExport(
  { storage }: Pick<HostComputeService, 'storage'>,
  dataDirectory: string,
): Promise<void> {
  const folder = exportOf(dataDirectory);
  if ((await kindOf(files, folder)) === undefined) return;
  // It may not have come that far; a layer that stays mounted tells so when it is used.
  await storage.unmount(scratchOf(dataDirectory)).catch(() => {});
  await rm(folder, { recursive: true, force: true });
}
