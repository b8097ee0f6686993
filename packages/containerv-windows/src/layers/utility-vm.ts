import { layerError } from './layer-error.js';
import { kindOf, type LayerFileSystem } from './layer-file-system.js';
import { canonicalPath, joinPath } from './windows-path.js';

/**
 * The folder of the utility virtual machine: the one asked for, or that of the topmost layer that has one, because a
 * patched layer brings a patched machine.
 *
 * @param layers topmost first
 * @throws ContainervError `ERR_CONTAINERV_LAYER` for one that is asked for, or found, and cannot be started.
 */
export async function findUtilityVm(
  layers: readonly string[],
  fs: LayerFileSystem,
  wanted?: string,
): Promise<string | undefined> {
  if (wanted !== undefined) return checkUtilityVm(canonicalPath(wanted), fs);
  for (const layer of layers) {
    const folder = joinPath(layer, 'UtilityVM');
    if ((await kindOf(fs, folder)) === 'directory') return checkUtilityVm(folder, fs);
  }
  return undefined;
}

async function checkUtilityVm(folder: string, fs: LayerFileSystem): Promise<string> {
  if ((await kindOf(fs, folder)) !== 'directory') {
    throw layerError(
      'The utility virtual machine does not exist',
      folder,
      'Correct `windows.utilityVmPath`.',
    );
  }
  const files = await kindOf(fs, joinPath(folder, 'Files'));
  const disk = await kindOf(fs, joinPath(folder, 'UtilityVM.vhdx'));
  if (files === 'directory' || disk === 'file') return folder;
  throw layerError(
    'The utility virtual machine has neither Files nor UtilityVM.vhdx',
    folder,
    'Import the image again, or set `windows.utilityVmPath`.',
  );
}
