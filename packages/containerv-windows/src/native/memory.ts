import type { Koffi } from './koffi.js';
import type { Library } from './library.js';

/** Strings that a library allocates and we free, each kind by the function that its documentation names. */
export interface MemoryFunctions {
  /** vmcompute.dll, HNSCall, computenetwork.dll: CoTaskMemFree. */
  readonly coString: Koffi.TypeObject;
  /** computecore.dll, computestorage.dll: LocalFree. */
  readonly localString: Koffi.TypeObject;
}

let bound: MemoryFunctions | undefined;

/** Converted to JavaScript's and freed by koffi as soon as a call returns, also one that failed or that nobody waits for. */
export function memoryFunctions(koffi: typeof Koffi, ole32: Library, kernel32: Library): MemoryFunctions {
  bound ??= {
    coString: koffi.disposable(null, 'str16', ole32.freeFunction('CoTaskMemFree')),
    localString: koffi.disposable('str16', kernel32.freeFunction('LocalFree')),
  };
  return bound;
}
