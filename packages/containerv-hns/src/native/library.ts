import { randomUUID } from 'node:crypto';
import { win32 } from 'node:path';
import type * as Koffi from 'koffi';
import { ContainervError } from 'containerv-api';

/** An exported function that returns an HRESULT. Runs on a thread of its own; cannot be interrupted. */
export type NativeFunction = (...args: readonly unknown[]) => Promise<number>;

/** A C type: by name, made by koffi, or made by koffi with a direction. */
export type CType = string | Koffi.TypeObject | ReturnType<typeof Koffi.out>;

/** The C types of HNS's functions. */
export interface NativeTypes {
  /** `HCN_NETWORK`, `HCN_ENDPOINT`, `HCN_NAMESPACE`. */
  readonly handle: Koffi.TypeObject;
  readonly outHandle: CType;
  /** `REFGUID`. */
  readonly guid: CType;
  /** `PWSTR *`: copied and given to CoTaskMemFree by koffi as soon as the call returns, also when it failed. */
  readonly outText: CType;
}

export interface Native {
  readonly types: NativeTypes;
  /** `undefined`: this Windows has no such library. */
  open(name: string): Library | undefined;
}

export interface Library {
  /** By export, not by version. `undefined`: this build has none. */
  optional(name: string, parameters: readonly CType[]): NativeFunction | undefined;
  /** @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when this build does not export it. */
  function(name: string, parameters: readonly CType[]): NativeFunction;
}

let loading: Promise<Native> | undefined;

/**
 * koffi with the types of HNS, loaded on first use so that this package can be imported everywhere.
 * @throws ContainervError `ERR_CONTAINERV_NO_DRIVER` when its binary for this machine is not installed.
 */
export async function loadNative(): Promise<Native> {
  loading ??= load();
  try {
    return await loading;
  } catch (error) {
    loading = undefined;
    throw error;
  }
}

async function load(): Promise<Native> {
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
  enlargeStacks(koffi);
  const ole32 = openLibrary(koffi, 'ole32.dll');
  if (ole32 === undefined) throw missingLibrary('ole32.dll');
  return { types: defineTypes(koffi, ole32.library), open: (name) => openLibrary(koffi, name) };
}

/** RPC marshals documents on the calling thread's stack, where koffi's 128 KiB may not be enough. */
function enlargeStacks(koffi: typeof Koffi): void {
  try {
    koffi.config({ async_stack_size: 1024 * 1024, async_heap_size: 1024 * 1024, max_async_calls: 4096 });
  } catch {
    // Only possible before the first asynchronous call of the process; somebody else made one, and their sizes stay.
  }
}

function defineTypes(koffi: typeof Koffi, ole32: ReturnType<typeof Koffi.load>): NativeTypes {
  // Names are global to the process, where another copy of this package may be.
  const copy = randomUUID().replaceAll('-', '');
  const handle = koffi.pointer(`HCN_HANDLE_${copy}`, koffi.opaque(`HCN_HANDLE__${copy}`));
  const guid = koffi.struct(`HCN_GUID_${copy}`, {
    Data1: 'uint32',
    Data2: 'uint16',
    Data3: 'uint16',
    Data4: koffi.array('uint8', 8),
  });
  const text = koffi.disposable(null, 'str16', ole32.func('CoTaskMemFree', 'void', ['void *']));
  return {
    handle,
    outHandle: koffi.out(koffi.pointer(handle)),
    guid: koffi.pointer(guid),
    outText: koffi.out(koffi.pointer(text)),
  };
}

function openLibrary(
  koffi: typeof Koffi,
  name: string,
): (Library & { readonly library: ReturnType<typeof Koffi.load> }) | undefined {
  // By its full path: what lies beside node.exe or in PATH is not asked.
  const file = win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', name);
  let library: ReturnType<typeof Koffi.load>;
  try {
    library = koffi.load(file);
  } catch {
    return undefined;
  }
  const optional = (symbol: string, parameters: readonly CType[]): NativeFunction | undefined => {
    try {
      return asynchronous(library.func(symbol, 'int32', [...parameters]));
    } catch {
      return undefined;
    }
  };
  return {
    library,
    optional,
    function: (symbol, parameters) => {
      const found = optional(symbol, parameters);
      if (found !== undefined) return found;
      throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `This build of Windows has no ${symbol}`, {
        step: 'load driver',
        path: file,
      });
    },
  };
}

function asynchronous(native: ReturnType<ReturnType<typeof Koffi.load>['func']>): NativeFunction {
  return async (...args) =>
    new Promise<number>((resolve, reject) => {
      native.async(...args, (error: unknown, result: number) => {
        if (error !== null && error !== undefined) reject(error);
        else resolve(result);
      });
    });
}

export function missingLibrary(name: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', 'This Windows has no Host Networking Service', {
    step: 'load driver',
    path: name,
    hint: 'Run as administrator: Enable-WindowsOptionalFeature -Online -FeatureName Containers -All; then restart.',
  });
}
