import type { CType, Koffi } from '../native/koffi.js';
import type { Library, NativeFunction } from '../native/library.js';
import { nativeTypes } from '../native/types.js';

/** What vmcompute.dll exports for layers, and the one that computestorage.dll does better. */
export interface LayerFunctions {
  readonly createSandbox: NativeFunction;
  readonly expandSandbox: NativeFunction;
  readonly activate: NativeFunction;
  readonly deactivate: NativeFunction;
  readonly prepare: NativeFunction;
  readonly unprepare: NativeFunction;
  readonly mountPath: NativeFunction;
  readonly destroy: NativeFunction;
  /** computestorage.dll, since build 17763: takes a folder alone. */
  readonly destroyFolder: NativeFunction | undefined;
  readonly exportLayer: NativeFunction;
  readonly importLayer: NativeFunction;
  readonly nameToGuid: NativeFunction;
  readonly grantVmAccess: NativeFunction;
  /** computecore.dll. */
  readonly revokeVmAccess: NativeFunction | undefined;
}

export function bindLayers(
  koffi: typeof Koffi,
  vmcompute: Library,
  computestorage: Library | undefined,
  computecore: Library | undefined,
): LayerFunctions {
  const { driverInfo, layerDescriptor, guid } = nativeTypes(koffi);
  const driver = koffi.pointer(driverInfo);
  const descriptors = koffi.pointer(layerDescriptor);
  const bind = (name: string, parameters: CType[]): NativeFunction =>
    vmcompute.function(name, 'int32', parameters);
  return {
    createSandbox: bind('CreateSandboxLayer', [driver, 'str16', 'str16', descriptors, 'uint32']),
    expandSandbox: bind('ExpandSandboxSize', [driver, 'str16', 'uint64']),
    activate: bind('ActivateLayer', [driver, 'str16']),
    deactivate: bind('DeactivateLayer', [driver, 'str16']),
    prepare: bind('PrepareLayer', [driver, 'str16', descriptors, 'uint32']),
    unprepare: bind('UnprepareLayer', [driver, 'str16']),
    mountPath: bind('GetLayerMountPath', [driver, 'str16', koffi.inout(koffi.pointer('size_t')), 'void *']),
    destroy: bind('DestroyLayer', [driver, 'str16']),
    destroyFolder: computestorage?.optional('HcsDestroyLayer', 'int32', ['str16']),
    exportLayer: bind('ExportLayer', [driver, 'str16', 'str16', descriptors, 'uint32']),
    importLayer: bind('ImportLayer', [driver, 'str16', 'str16', descriptors, 'uint32']),
    nameToGuid: bind('NameToGuid', ['str16', koffi.out(koffi.pointer(guid))]),
    grantVmAccess: bind('GrantVmAccess', ['str16', 'str16']),
    revokeVmAccess: computecore?.optional('HcsRevokeVmAccess', 'int32', ['str16', 'str16']),
  };
}
