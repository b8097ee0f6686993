import { stat } from 'node:fs/promises';
import { ContainervError, type ContainerSpec } from 'containerv-api';

/** Looks at what the root is made of before anything is touched. @throws ContainervError `ERR_CONTAINERV_LAYER` */
export async function checkRoot({ root }: ContainerSpec): Promise<void> {
  if (root.kind === 'host') return;
  const sources = root.kind === 'directory' ? [root.path] : root.layers.map(({ source }) => source);
  for (const source of sources) await checkDirectory(source, root.kind === 'directory' ? 'rootfs' : 'layer');
}

async function checkDirectory(path: string, what: string): Promise<void> {
  let found;
  try {
    found = await stat(path);
  } catch (cause) {
    const { code: errno } = cause as NodeJS.ErrnoException;
    const hint =
      errno === 'ENOENT'
        ? 'It is a directory on the host that holds a whole system: bin, lib, usr, ...'
        : undefined;
    throw new ContainervError('ERR_CONTAINERV_LAYER', `The ${what} cannot be used:`, {
      step: 'open root',
      syscall: 'stat',
      errno,
      path,
      hint,
      cause,
    });
  }
  if (found.isDirectory()) return;
  throw new ContainervError('ERR_CONTAINERV_LAYER', `The ${what} is not a directory:`, {
    step: 'open root',
    errno: 'ENOTDIR',
    path,
    hint: 'Unpack an archive or mount an image first, and give its directory.',
  });
}
