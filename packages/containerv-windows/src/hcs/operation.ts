import { ContainervError } from 'containerv-api';
import { hcsError } from '../hcs-error.js';
import { failed, isPending, isTimeout } from '../hresult.js';
import { type CallContext, type CallObserver, deadlineError, type Out } from '../native/library.js';
import { NativeHandle } from '../native/native-handle.js';
import { Poll } from '../native/poll.js';
import type { ComputecoreFunctions } from './computecore-functions.js';
import type { Deadlines } from './hcs-api.js';
import type { ProcessInformation } from './standard-handles.js';

/** What an operation gave. */
export interface OperationResult {
  readonly document: string | null;
  readonly information: Partial<ProcessInformation>;
}

/** What an operation is, beside its function. */
export interface OperationOptions {
  /** Whether the result holds handles of a process. */
  readonly ofProcess?: boolean;
  /** What must not be closed before it completes, asked for once it is submitted. */
  readonly holder?: () => NativeHandle | undefined;
}

/** Hands an operation to a function, whose call has to tell the observer. */
export type Submission = (operation: bigint, observer: CallObserver) => Promise<number>;

/** Also undoes what the call gave after its deadline. */
export function alsoLate(observer: CallObserver, undo: () => void): CallObserver {
  return {
    ...observer,
    late: (hresult) => {
      undo();
      observer.late?.(hresult);
    },
  };
}

/**
 * Runs one operation of computecore.dll to its end: an operation object is made, `submit` hands it to a function, its
 * completion is told by a callback (or found by looking, should that get lost), and the object is closed when nothing
 * uses it any more.
 *
 * @throws ContainervError of the submission's or of the operation's HRESULT
 */
export async function runOperation(
  functions: ComputecoreFunctions,
  deadlines: Deadlines,
  context: CallContext,
  submit: Submission,
  options: OperationOptions = {},
): Promise<OperationResult> {
  let complete = (): void => {};
  const completed = new Promise<void>((resolve) => {
    complete = resolve;
  });
  const key = functions.completions.add(complete);
  const operation = await createOperation(functions, deadlines, key);
  let abandoned = false;
  // Before it is submitted: its end may be told, and the handle given up, before the submission has returned.
  const holder = options.holder?.();
  holder?.holdUntil(completed);
  try {
    const submitted = await operation.submit(submit, complete);
    if (failed(submitted) && !isPending(submitted)) {
      // Its reason may be with the operation, though it never ran.
      const { document } = await operation.result(false).catch(() => ({ document: null }));
      throw hcsError({ ...context, hresult: submitted, document });
    }
    if (holder === undefined) options.holder?.()?.holdUntil(completed);
    await waitFor(operation, completed, deadlines, context.call);
    complete();
    return await operation.take(context, options.ofProcess ?? false);
  } catch (error) {
    abandoned = isDeadline(error);
    throw error;
  } finally {
    const close = async (): Promise<void> => {
      functions.completions.remove(key);
      await operation.close();
    };
    if (!abandoned) complete();
    // The library still writes to one that runs.
    if (abandoned) void completed.then(close);
    else await close();
  }
}

class Operation {
  readonly #handle: NativeHandle;
  readonly #value: bigint;
  readonly #functions: ComputecoreFunctions;
  readonly #deadlines: Deadlines;

  constructor(value: bigint, functions: ComputecoreFunctions, deadlines: Deadlines) {
    this.#value = value;
    this.#functions = functions;
    this.#deadlines = deadlines;
    this.#handle = new NativeHandle(value, async (handle) =>
      functions.closeOperation.call(deadlines.callMs, [handle]),
    );
  }

  /**
   * Not closed while the call runs, which it may do beyond its deadline.
   * @param neverRan the call returned after that and was refused: no completion will come
   */
  async submit(submit: Submission, neverRan: () => void): Promise<number> {
    let done = (): void => {};
    this.#handle.holdUntil(
      new Promise<void>((resolve) => {
        done = resolve;
      }),
    );
    const late = (hresult: number): void => {
      if (failed(hresult) && !isPending(hresult)) neverRan();
    };
    try {
      return await submit(this.#value, { late, done });
    } catch (error) {
      // Refused before it was made, as with a handle that is closed.
      if (!isDeadline(error)) done();
      throw error;
    }
  }

  async result(ofProcess: boolean): Promise<OperationResult & { hresult: number }> {
    const document: Out<string> = [null];
    const information: Partial<ProcessInformation> = {};
    const hresult = ofProcess
      ? await this.#handle.call(this.#functions.operationResultAndProcess, this.#deadlines.callMs, [
          information,
          document,
        ])
      : await this.#handle.call(this.#functions.operationResult, this.#deadlines.callMs, [document]);
    return { hresult, document: document[0], information };
  }

  async take(context: CallContext, ofProcess: boolean): Promise<OperationResult> {
    const { hresult, document, information } = await this.result(ofProcess);
    if (failed(hresult)) throw hcsError({ ...context, hresult, document });
    return { document, information };
  }

  async isComplete(): Promise<boolean> {
    const document: Out<string> = [null];
    const hresult = await this.#handle.call(this.#functions.waitForOperation, this.#deadlines.callMs, [
      0,
      document,
    ]);
    return !isTimeout(hresult) && !isPending(hresult);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

function isDeadline(error: unknown): boolean {
  return (
    error instanceof ContainervError && error.code === 'ERR_CONTAINERV_TIMEOUT' && error.hresult === undefined
  );
}

async function createOperation(
  functions: ComputecoreFunctions,
  deadlines: Deadlines,
  key: bigint,
): Promise<Operation> {
  const { createOperation: create, completions } = functions;
  // The one function whose result is a handle and not an HRESULT.
  const late = (value: unknown): void => {
    completions.remove(key);
    if (typeof value === 'bigint') void functions.closeOperation.call(deadlines.callMs, [value]);
  };
  const value: unknown = await create.call(deadlines.callMs, [key, completions.pointer], { late });
  if (typeof value === 'bigint') return new Operation(value, functions, deadlines);
  completions.remove(key);
  throw new ContainervError('ERR_CONTAINERV_HCS', 'Windows is out of memory', { syscall: create.name });
}

async function waitFor(
  operation: Operation,
  completed: Promise<void>,
  { operationMs, pollMs }: Deadlines,
  call: string,
): Promise<void> {
  let limit: NodeJS.Timeout | undefined;
  let poll: Poll | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      void completed.then(resolve);
      limit = setTimeout(() => reject(deadlineError(call, operationMs)), operationMs);
      poll = new Poll(async () => operation.isComplete(), pollMs, resolve);
    });
  } finally {
    clearTimeout(limit);
    // A look that is under way uses the operation, which is closed next.
    await poll?.stop();
  }
}
