import { ContainervError, type ContainerSpec, type UndoStack } from 'containerv-api';
import type { Guest } from '../documents/guest.js';
import type { HostComputeService } from '../hcs/open-hcs.js';
import type { AttachedVolume } from '../windows-host.js';
import { wantedVolumes } from './wanted-volumes.js';
import { existing, openDisks } from './volumes.js';

/**
 * Makes the volumes that a container asks for ready for its document: attached to this machine for a container that
 * shares its kernel, opened by nobody for a virtual machine, which opens them itself. `undo` takes them back.
 */
export async function attachVolumes(
  spec: ContainerSpec,
  guest: Guest,
  undo: UndoStack,
): Promise<readonly AttachedVolume[]> {
  const attached: AttachedVolume[] = [];
  for (const { name, target, readonly } of wantedVolumes(spec)) {
    const diskPath = await existing(name, 'windows.volumes');
    if (guest.isolation === 'hyperv') {
      attached.push({ diskPath, volumePath: undefined, target, readonly });
      continue;
    }
    const disk = await (await openDisks())
      .attach(diskPath, { readonly, permanent: spec.detached })
      .catch((error: unknown) => {
        throw attachFailure(name, diskPath, error);
      });
    undo.push(async () => disk.detach());
    attached.push({ diskPath, volumePath: disk.volumePath, target, readonly });
  }
  return attached;
}

/** Of a container whose owner has ended: those that were to outlive it. */
export async function detachVolumes(
  { disks }: HostComputeService,
  spec: ContainerSpec,
  guest: Guest,
): Promise<void> {
  if (disks === undefined || !spec.detached || guest.isolation === 'hyperv') return;
  for (const { name } of wantedVolumes(spec)) {
    // One that was removed meanwhile is not attached.
    const file = await existing(name).catch(() => undefined);
    if (file !== undefined) await disks.detach(file);
  }
}

const SHARING_VIOLATION = 0x8007_0020;

function attachFailure(name: string, path: string, error: unknown): unknown {
  if (!(error instanceof ContainervError) || error.hresult !== SHARING_VIOLATION) return error;
  return new ContainervError(
    'ERR_CONTAINERV_STATE',
    `Volume '${name}' is another container's at the moment`,
    {
      step: 'attach volume',
      path,
      hint: 'Stop that container. A volume belongs to one container at a time.',
      hresult: error.hresult,
      cause: error,
    },
  );
}
