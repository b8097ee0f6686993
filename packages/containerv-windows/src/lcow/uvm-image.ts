import { ContainervError, type LcowOptions } from 'containerv-api';
import { win32 } from 'node:path';
import { canonicalPath, isFullPath, joinPath } from '../layers/windows-path.js';
import { kindOf, type LayerFileSystem } from '../layers/layer-file-system.js';

/** The files that the virtual machine of Linux containers boots from. */
export interface UvmImage {
  readonly kernelPath: string;
  readonly initrdPath: string;
}

const KERNELS = ['kernel', 'vmlinux', 'kernel64'];
const INITRDS = ['initrd.img', 'initrd'];
// What Win32 turns into something else than a file of that name: streams, wildcards, devices, dots at the end.
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const FORBIDDEN = /[<>:"|?*\u0000-\u001f]|[ .]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` for a name that leads out of the image's folder, `_NOT_FOUND`
 * for files that are not there.
 */
export async function resolveUvmImage(lcow: LcowOptions, fs: LayerFileSystem): Promise<UvmImage> {
  if (!isFullPath(lcow.uvmImagePath)) {
    throw new ContainervError(
      'ERR_CONTAINERV_INVALID_OPTION',
      `Expected \`windows.lcow.uvmImagePath\` to be a full path, got '${lcow.uvmImagePath}'`,
    );
  }
  checkBootParameters(lcow.bootParameters);
  const folder = canonicalPath(lcow.uvmImagePath);
  if ((await kindOf(fs, folder)) !== 'directory') throw missing('The folder of the virtual machine', folder);
  return {
    kernelPath: await fileIn(folder, lcow.kernelFile, KERNELS, 'kernelFile', fs),
    initrdPath: await fileIn(folder, lcow.initrdFile, INITRDS, 'initrdFile', fs),
  };
}

async function fileIn(
  folder: string,
  wanted: string | undefined,
  usual: readonly string[],
  option: 'kernelFile' | 'initrdFile',
  fs: LayerFileSystem,
): Promise<string> {
  const names = wanted === undefined ? usual : [checkName(wanted, option)];
  for (const name of names) {
    const path = joinPath(folder, name);
    if ((await kindOf(fs, path)) === 'file') return path;
  }
  const what =
    wanted === undefined ? `None of ${names.join(', ')}` : `The file of \`windows.lcow.${option}\``;
  throw missing(what, wanted === undefined ? folder : joinPath(folder, wanted));
}

/** A name that stays in the folder whatever Win32 makes of it. */
function checkName(name: string, option: string): string {
  const segments = name.split(/[\\/]/);
  const bad =
    win32.isAbsolute(name) ||
    segments.some((segment) => segment === '' || segment === '..' || FORBIDDEN.test(segment));
  if (!bad) return name;
  throw new ContainervError(
    'ERR_CONTAINERV_INVALID_OPTION',
    `Expected \`windows.lcow.${option}\` to be the name of a file below \`uvmImagePath\`, got '${name}'`,
  );
}

function checkBootParameters(parameters: string | undefined): void {
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  if (parameters === undefined || !/[\u0000-\u001f\u007f]/.test(parameters)) return;
  throw new ContainervError(
    'ERR_CONTAINERV_INVALID_OPTION',
    'Expected `windows.lcow.bootParameters` to be one line without control characters',
  );
}

function missing(what: string, path: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_NOT_FOUND', `${what} does not exist`, {
    step: 'find virtual machine',
    path,
    hint: 'Set `windows.lcow`, or CHEF_LCOW_UVM_IMAGE_PATH, CHEF_LCOW_KERNEL_FILE and CHEF_LCOW_INITRD_FILE.',
  });
}
