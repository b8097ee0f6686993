import type * as Koffi from 'koffi';
import { ContainervError } from 'containerv-api';

export type { Koffi };

/** A C type: by name, made by koffi, or made by koffi with a direction. */
export type CType = string | Koffi.TypeObject | ReturnType<typeof Koffi.out>;

let loading: Promise<typeof Koffi> | undefined;

/**
 * The foreign function interface, loaded on first use so that this package can be imported everywhere.
 * @throws ContainervError `ERR_CONTAINERV_NO_DRIVER` when its binary for this machine is not installed.
 */
export async function loadKoffi(): Promise<typeof Koffi> {
  loading ??= load();
  try {
    return await loading;
  } catch (error) {
    loading = undefined;
    throw error;
  }
}

async function load(): Promise<typeof Koffi> {
  let koffi: typeof Koffi;
  try {
    koffi = await import('koffi');
  } catch (cause) {
    throw new ContainervError(
      'ERR_CONTAINERV_NO_DRIVER',
      'koffi, which calls Windows libraries, cannot be loaded',
      {
        step: 'load driver',
        hint: 'Install it again on this machine: npm install --force koffi',
        cause,
      },
    );
  }
  // HCS marshals whole documents on the stack of the calling thread, where koffi's 128 KiB are not enough. Has to come
  // before the first asynchronous call of the process; when somebody else made one, their sizes stay.
  try {
    koffi.config({ async_stack_size: 1024 * 1024, async_heap_size: 1024 * 1024, max_async_calls: 4096 });
  } catch {
    // Nothing to do about it.
  }
  return koffi;
}
