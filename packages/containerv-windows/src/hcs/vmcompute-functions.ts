import { CallbackTable } from '../native/callbacks.js';
import type { CType, Koffi } from '../native/koffi.js';
import type { Library, NativeFunction } from '../native/library.js';
import type { MemoryFunctions } from '../native/memory.js';
import { nativeTypes } from '../native/types.js';

/** What vmcompute.dll exports for compute systems and processes: the same since Windows 10 1709. */
export interface VmcomputeFunctions {
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
  readonly register: NativeFunction;
  readonly unregister: NativeFunction;
  readonly createProcess: NativeFunction;
  readonly openProcess: NativeFunction;
  readonly closeProcess: NativeFunction;
  readonly terminateProcess: NativeFunction;
  /** `undefined`: this build only terminates. */
  readonly signalProcess: NativeFunction | undefined;
  readonly processProperties: NativeFunction;
  readonly modifyProcess: NativeFunction;
  readonly registerProcess: NativeFunction;
  readonly unregisterProcess: NativeFunction;
  readonly notifications: CallbackTable<Notification>;
}

/** Type without its flags, status, and data. */
export type Notification = readonly [type: number, status: number, data: string | null];

/** The upper four bits are flags. */
const TYPE_MASK = 0x0fff_ffff;

export function bindVmcompute(
  koffi: typeof Koffi,
  library: Library,
  { coString }: MemoryFunctions,
): VmcomputeFunctions {
  const { handle, processInformation, notificationCallback } = nativeTypes(koffi);
  const outHandle = koffi.out(koffi.pointer(handle));
  const outText = koffi.out(koffi.pointer(coString));
  const outInformation = koffi.out(koffi.pointer(processInformation));
  const callback = koffi.pointer(notificationCallback);
  const bind = (name: string, parameters: CType[]): NativeFunction =>
    library.function(name, 'int32', parameters);
  const change = (name: string): NativeFunction => bind(name, [handle, 'str16', outText]);
  return {
    enumerate: bind('HcsEnumerateComputeSystems', ['str16', outText, outText]),
    create: bind('HcsCreateComputeSystem', ['str16', 'str16', handle, outHandle, outText]),
    open: bind('HcsOpenComputeSystem', ['str16', outHandle, outText]),
    close: bind('HcsCloseComputeSystem', [handle]),
    start: change('HcsStartComputeSystem'),
    shutdown: change('HcsShutdownComputeSystem'),
    terminate: change('HcsTerminateComputeSystem'),
    pause: change('HcsPauseComputeSystem'),
    resume: change('HcsResumeComputeSystem'),
    properties: bind('HcsGetComputeSystemProperties', [handle, 'str16', outText, outText]),
    modify: change('HcsModifyComputeSystem'),
    register: bind('HcsRegisterComputeSystemCallback', [handle, callback, 'void *', outHandle]),
    unregister: bind('HcsUnregisterComputeSystemCallback', [handle]),
    createProcess: bind('HcsCreateProcess', [handle, 'str16', outInformation, outHandle, outText]),
    openProcess: bind('HcsOpenProcess', [handle, 'uint32', outHandle, outText]),
    closeProcess: bind('HcsCloseProcess', [handle]),
    terminateProcess: bind('HcsTerminateProcess', [handle, outText]),
    signalProcess: library.optional('HcsSignalProcess', 'int32', [handle, 'str16', outText]),
    processProperties: bind('HcsGetProcessProperties', [handle, outText, outText]),
    modifyProcess: change('HcsModifyProcess'),
    registerProcess: bind('HcsRegisterProcessCallback', [handle, callback, 'void *', outHandle]),
    unregisterProcess: bind('HcsUnregisterProcessCallback', [handle]),
    notifications: new CallbackTable<Notification>(
      koffi,
      notificationCallback,
      1,
      ([type, , status, data]) => [
        Number(type) & TYPE_MASK,
        Number(status),
        typeof data === 'string' ? data : null,
      ],
    ),
  };
}
