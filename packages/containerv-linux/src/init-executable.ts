import path from 'node:path';
import { type Native, nativeDirectory } from './native.js';

let sealed: Promise<number> | undefined;

/** containerv-init in sealed memory, shared by every container of this process (CVE-2019-5736). */
export async function initExecutable(native: Native): Promise<number> {
  sealed ??= native
    .sealExecutable(path.join(nativeDirectory(), 'containerv-init'))
    .catch((error: unknown) => {
      sealed = undefined;
      throw error;
    });
  return sealed;
}
