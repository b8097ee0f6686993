import type { CType, Koffi } from '../native/koffi.js';
import type { Library, NativeFunction } from '../native/library.js';
import type { MemoryFunctions } from '../native/memory.js';
import { nativeTypes } from '../native/types.js';

/** virtdisk.dll, whose functions give Win32 errors, and what computestorage.dll does with its handles. */
export interface VirtualDiskFunctions {
  readonly create: NativeFunction;
  readonly open: NativeFunction;
  readonly attach: NativeFunction;
  readonly detach: NativeFunction;
  readonly format: NativeFunction;
  readonly mountPath: NativeFunction;
  readonly createFile: NativeFunction;
  readonly closeHandle: NativeFunction;
}

/** `undefined`: this build, before 17763, cannot format disks. */
export function bindVirtualDisks(
  koffi: typeof Koffi,
  { localString }: MemoryFunctions,
  virtdisk: Library | undefined,
  computestorage: Library | undefined,
  kernel32: Library,
): VirtualDiskFunctions | undefined {
  const { handle, virtualStorageType, createVirtualDisk } = nativeTypes(koffi);
  const outHandle = koffi.out(koffi.pointer(handle));
  const type = koffi.pointer(virtualStorageType);
  const format = computestorage?.optional('HcsFormatWritableLayerVhd', 'int32', [handle]);
  const mountPath = computestorage?.optional('HcsGetLayerVhdMountPath', 'int32', [
    handle,
    koffi.out(koffi.pointer(localString)),
  ]);
  if (virtdisk === undefined || format === undefined || mountPath === undefined) return undefined;
  const bind = (name: string, parameters: CType[]): NativeFunction =>
    virtdisk.function(name, 'uint32', parameters);
  return {
    create: bind('CreateVirtualDisk', [
      type,
      'str16',
      'uint32',
      'void *',
      'uint32',
      'uint32',
      koffi.pointer(createVirtualDisk),
      'void *',
      outHandle,
    ]),
    open: bind('OpenVirtualDisk', [type, 'str16', 'uint32', 'uint32', 'void *', outHandle]),
    attach: bind('AttachVirtualDisk', [handle, 'void *', 'uint32', 'uint32', 'void *', 'void *']),
    detach: bind('DetachVirtualDisk', [handle, 'uint32', 'uint32']),
    format,
    mountPath,
    createFile: kernel32.function('CreateFileW', handle, [
      'str16',
      'uint32',
      'uint32',
      'void *',
      'uint32',
      'uint32',
      handle,
    ]),
    closeHandle: kernel32.function('CloseHandle', 'int32', [handle]),
  };
}
