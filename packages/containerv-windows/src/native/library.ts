import { win32 } from 'node:path';
import { ContainervError } from 'containerv-api';
import { hcsError } from '../hcs-error.js';
import { failed } from '../hresult.js';
import type { CType, Koffi } from './koffi.js';

type LoadedLibrary = ReturnType<typeof Koffi.load>;
type LoadedFunction = ReturnType<LoadedLibrary['func']>;

/** What becomes of a call besides its result. */
export interface CallObserver {
  /** It returned after its deadline: the place to undo what nobody waits for, such as a handle. */
  readonly late?: (result: number) => void;
  /** It returned, in time or not: its arguments are free again. */
  readonly done?: () => void;
}

/** An exported function. Every call is asynchronous, on a thread of its own, and has a deadline. */
export interface NativeFunction {
  readonly name: string;
  /** @throws ContainervError `ERR_CONTAINERV_TIMEOUT` once the deadline has passed; the call itself goes on. */
  call(deadlineMs: number, args: readonly unknown[], observer?: CallObserver): Promise<number>;
}

/** A DLL of the system, by its full path: what lies beside node.exe or in PATH is not asked. */
export class Library {
  readonly file: string;
  readonly #library: LoadedLibrary;

  private constructor(file: string, library: LoadedLibrary) {
    this.file = file;
    this.#library = library;
  }

  /** `undefined`: this Windows has no such library. */
  static open(koffi: typeof Koffi, name: string): Library | undefined {
    const file = win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', name);
    try {
      return new Library(file, koffi.load(file));
    } catch {
      return undefined;
    }
  }

  /** @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when this build does not export it. */
  function(name: string, result: CType, parameters: CType[]): NativeFunction {
    const found = this.optional(name, result, parameters);
    if (found !== undefined) return found;
    throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `This build of Windows has no ${name}`, {
      step: 'load driver',
      path: this.file,
    });
  }

  /** A function that gives memory back. It cannot wait for anything, so it is called where it is needed. */
  freeFunction(name: string): LoadedFunction {
    return this.#library.func(name, 'void', ['void *']);
  }

  /** By export, not by version: `undefined` when this build has none. */
  optional(name: string, result: CType, parameters: CType[]): NativeFunction | undefined {
    let native: LoadedFunction;
    try {
      native = this.#library.func(name, result, parameters);
    } catch {
      return undefined;
    }
    return {
      name,
      call: async (deadlineMs, args, observer) => callWithDeadline(name, native, deadlineMs, args, observer),
    };
  }
}

async function callWithDeadline(
  name: string,
  native: LoadedFunction,
  deadlineMs: number,
  args: readonly unknown[],
  observer: CallObserver = {},
): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    let expired = false;
    // Keeps the program alive while the call runs, which koffi does not.
    const timer = setTimeout(() => {
      expired = true;
      reject(deadlineError(name, deadlineMs));
    }, deadlineMs);
    const settle = (error: unknown, result: number): void => {
      clearTimeout(timer);
      const threw = error !== null && error !== undefined;
      if (expired) {
        if (!threw) observer.late?.(result);
      } else if (threw) reject(error);
      else resolve(result);
      observer.done?.();
    };
    try {
      native.async(...args, settle);
    } catch (error) {
      // An argument that does not fit its type: the call was not made.
      settle(error, 0);
    }
  });
}

export function deadlineError(call: string, deadlineMs: number): ContainervError {
  return new ContainervError('ERR_CONTAINERV_TIMEOUT', `Windows did not answer within ${deadlineMs} ms`, {
    syscall: call,
    hint: 'Look at the service: Get-Service vmcompute. CONTAINERV_HCS_TIMEOUT sets how long is waited.',
  });
}

/** Receives what a function writes through a pointer. */
export type Out<T> = [T | null];

/** What a failed call was about. */
export interface CallContext {
  /** `'start container'`. */
  readonly step: string;
  readonly call: string;
  readonly subject?: string | undefined;
  readonly document?: string | null | undefined;
}

/** @throws ContainervError for an HRESULT that means failure. */
export function check(hresult: number, context: CallContext): void {
  if (failed(hresult)) throw hcsError({ ...context, hresult });
}

/** Whether an error carries an HRESULT that `judge` knows. */
export function isHresult(error: unknown, judge: (hresult: number) => boolean): boolean {
  return error instanceof ContainervError && error.hresult !== undefined && judge(error.hresult);
}
