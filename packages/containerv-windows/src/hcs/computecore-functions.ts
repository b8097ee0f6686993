import { CallbackTable } from '../native/callbacks.js';
import type { CType, Koffi } from '../native/koffi.js';
import type { Library, NativeFunction } from '../native/library.js';
import type { MemoryFunctions } from '../native/memory.js';
import { nativeTypes } from '../native/types.js';

/** What computecore.dll exports since build 17763. What it starts ends as an operation object. */
export interface ComputecoreFunctions {
  readonly createOperation: NativeFunction;
  readonly closeOperation: NativeFunction;
  readonly operationResult: NativeFunction;
  readonly operationResultAndProcess: NativeFunction;
  /** Also tells, with a time of 0, whether an operation is complete. */
  readonly waitForOperation: NativeFunction;
  readonly enumerate: NativeFunction;
  readonly create: NativeFunction;
  readonly open: NativeFunction;
  readonly close: NativeFunction;
  readonly start: NativeFunction;
  readonly shutdown: NativeFunction;
  readonly terminate: NativeFunction;
  readonly pause: NativeFunction;
  readonly resume: NativeFunction;
  readonly properties: NativeFunction;
  readonly modify: NativeFunction;
  readonly setCallback: NativeFunction;
  readonly createProcess: NativeFunction;
  readonly openProcess: NativeFunction;
  readonly closeProcess: NativeFunction;
  readonly terminateProcess: NativeFunction;
  readonly signalProcess: NativeFunction;
  readonly processInformation: NativeFunction;
  readonly processProperties: NativeFunction;
  readonly modifyProcess: NativeFunction;
  readonly setProcessCallback: NativeFunction;
  /** No arguments beside the context. */
  readonly completions: CallbackTable<[]>;
  readonly events: CallbackTable<Event>;
}

export type Event = readonly [type: number, data: string | null];

export function bindComputecore(
  koffi: typeof Koffi,
  library: Library,
  { localString }: MemoryFunctions,
): ComputecoreFunctions {
  const { handle, processInformation, hcsEvent, completionCallback, eventCallback } = nativeTypes(koffi);
  const outHandle = koffi.out(koffi.pointer(handle));
  const outText = koffi.out(koffi.pointer(localString));
  const outInformation = koffi.out(koffi.pointer(processInformation));
  const completion = koffi.pointer(completionCallback);
  const event = koffi.pointer(eventCallback);
  const bind = (name: string, parameters: CType[]): NativeFunction =>
    library.function(name, 'int32', parameters);
  const operate = (name: string): NativeFunction => bind(name, [handle, handle, 'str16']);
  return {
    createOperation: library.function('HcsCreateOperation', handle, ['void *', completion]),
    closeOperation: library.function('HcsCloseOperation', 'void', [handle]),
    operationResult: bind('HcsGetOperationResult', [handle, outText]),
    operationResultAndProcess: bind('HcsGetOperationResultAndProcessInfo', [handle, outInformation, outText]),
    waitForOperation: bind('HcsWaitForOperationResult', [handle, 'uint32', outText]),
    enumerate: bind('HcsEnumerateComputeSystems', ['str16', handle]),
    create: bind('HcsCreateComputeSystem', ['str16', 'str16', handle, 'void *', outHandle]),
    open: bind('HcsOpenComputeSystem', ['str16', 'uint32', outHandle]),
    close: library.function('HcsCloseComputeSystem', 'void', [handle]),
    start: operate('HcsStartComputeSystem'),
    shutdown: operate('HcsShutDownComputeSystem'),
    terminate: operate('HcsTerminateComputeSystem'),
    pause: operate('HcsPauseComputeSystem'),
    resume: operate('HcsResumeComputeSystem'),
    properties: operate('HcsGetComputeSystemProperties'),
    modify: bind('HcsModifyComputeSystem', [handle, handle, 'str16', handle]),
    setCallback: bind('HcsSetComputeSystemCallback', [handle, 'int32', 'void *', event]),
    createProcess: bind('HcsCreateProcess', [handle, 'str16', handle, 'void *', outHandle]),
    openProcess: bind('HcsOpenProcess', [handle, 'uint32', 'uint32', outHandle]),
    closeProcess: library.function('HcsCloseProcess', 'void', [handle]),
    terminateProcess: operate('HcsTerminateProcess'),
    signalProcess: operate('HcsSignalProcess'),
    processInformation: bind('HcsGetProcessInfo', [handle, handle]),
    processProperties: operate('HcsGetProcessProperties'),
    modifyProcess: operate('HcsModifyProcess'),
    setProcessCallback: bind('HcsSetProcessCallback', [handle, 'int32', 'void *', event]),
    completions: new CallbackTable<[]>(koffi, completionCallback, 1, () => []),
    events: new CallbackTable<Event>(koffi, eventCallback, 1, ([pointer]) => {
      const { Type, EventData } = koffi.decode(pointer, hcsEvent) as {
        Type: number;
        EventData: string | null;
      };
      return [Type, EventData];
    }),
  };
}
