import { randomUUID } from 'node:crypto';
import type { Koffi } from './koffi.js';

/** The C types of the libraries, as koffi needs them. */
export interface NativeTypes {
  /** `HANDLE`, `HCS_SYSTEM`, `HCS_PROCESS`, `HCS_OPERATION`: pointers that only the library understands. */
  readonly handle: Koffi.TypeObject;
  readonly guid: Koffi.TypeObject;
  readonly processInformation: Koffi.TypeObject;
  readonly driverInfo: Koffi.TypeObject;
  readonly layerDescriptor: Koffi.TypeObject;
  readonly hcsEvent: Koffi.TypeObject;
  readonly virtualStorageType: Koffi.TypeObject;
  readonly objectAttributes: Koffi.TypeObject;
  readonly luid: Koffi.TypeObject;
  /** `TOKEN_PRIVILEGES` of one. */
  readonly tokenPrivileges: Koffi.TypeObject;
  /** `PRIVILEGE_SET` of one. */
  readonly privilegeSet: Koffi.TypeObject;
  /** `CREATE_VIRTUAL_DISK_PARAMETERS`, version 2. */
  readonly createVirtualDisk: Koffi.TypeObject;
  /** `void (DWORD type, void* context, HRESULT status, PCWSTR data)`: vmcompute.dll. */
  readonly notificationCallback: Koffi.TypeObject;
  /** `void (HCS_OPERATION operation, void* context)`: computecore.dll. */
  readonly completionCallback: Koffi.TypeObject;
  /** `void (HCS_EVENT* event, void* context)`: computecore.dll. */
  readonly eventCallback: Koffi.TypeObject;
}

let defined: NativeTypes | undefined;

export function nativeTypes(koffi: typeof Koffi): NativeTypes {
  defined ??= define(koffi);
  return defined;
}

function define(koffi: typeof Koffi): NativeTypes {
  // koffi's names are global to the process, where another copy of this package may be. Without a name koffi 3.3.4
  // takes a pointer to a structure for one to a function that happens to have the same number.
  const copy = randomUUID().replaceAll('-', '');
  const name = (type: string): string => `${type}_${copy}`;
  const handle = koffi.pointer(name('HANDLE'), koffi.opaque(name('HANDLE__')));
  const guid = koffi.struct(name('GUID'), {
    Data1: 'uint32',
    Data2: 'uint16',
    Data3: 'uint16',
    Data4: koffi.array('uint8', 8),
  });
  const hcsEvent = koffi.struct(name('HCS_EVENT'), { Type: 'int32', EventData: 'str16', Operation: handle });
  const virtualStorageType = koffi.struct(name('VIRTUAL_STORAGE_TYPE'), {
    DeviceId: 'uint32',
    VendorId: guid,
  });
  const unicodeString = koffi.struct(name('UNICODE_STRING'), {
    Length: 'uint16',
    MaximumLength: 'uint16',
    Buffer: 'str16',
  });
  const luid = koffi.struct(name('LUID'), { LowPart: 'uint32', HighPart: 'int32' });
  const luidAndAttributes = koffi.struct(name('LUID_AND_ATTRIBUTES'), { Luid: luid, Attributes: 'uint32' });
  const createVersion2 = koffi.struct(name('CREATE_VIRTUAL_DISK_PARAMETERS_V2'), {
    UniqueId: guid,
    MaximumSize: 'uint64',
    BlockSizeInBytes: 'uint32',
    SectorSizeInBytes: 'uint32',
    PhysicalSectorSizeInBytes: 'uint32',
    ParentPath: 'str16',
    SourcePath: 'str16',
    OpenFlags: 'uint32',
    ParentVirtualStorageType: virtualStorageType,
    SourceVirtualStorageType: virtualStorageType,
    ResiliencyGuid: guid,
  });
  const createVirtualDisk = koffi.struct(name('CREATE_VIRTUAL_DISK_PARAMETERS'), {
    Version: 'uint32',
    // A union of the versions, which begins where its widest member can.
    Version2: createVersion2,
  });
  return {
    handle,
    guid,
    virtualStorageType,
    createVirtualDisk,
    objectAttributes: koffi.struct(name('OBJECT_ATTRIBUTES'), {
      Length: 'uint32',
      RootDirectory: handle,
      ObjectName: koffi.pointer(unicodeString),
      Attributes: 'uint32',
      SecurityDescriptor: 'void *',
      SecurityQualityOfService: 'void *',
    }),
    luid,
    tokenPrivileges: koffi.struct(name('TOKEN_PRIVILEGES'), {
      PrivilegeCount: 'uint32',
      Privilege: luidAndAttributes,
    }),
    privilegeSet: koffi.struct(name('PRIVILEGE_SET'), {
      PrivilegeCount: 'uint32',
      Control: 'uint32',
      Privilege: luidAndAttributes,
    }),
    processInformation: koffi.struct(name('HCS_PROCESS_INFORMATION'), {
      ProcessId: 'uint32',
      Reserved: 'uint32',
      StdInput: handle,
      StdOutput: handle,
      StdError: handle,
    }),
    driverInfo: koffi.struct(name('DRIVER_INFO'), { Flavour: 'uint32', HomeDir: 'str16' }),
    layerDescriptor: koffi.struct(name('WC_LAYER_DESCRIPTOR'), {
      LayerId: guid,
      Flags: 'uint32',
      Path: 'str16',
    }),
    hcsEvent,
    notificationCallback: koffi.proto(name('HCS_NOTIFICATION_CALLBACK'), 'void', [
      'uint32',
      'void *',
      'int32',
      'str16',
    ]),
    completionCallback: koffi.proto(name('HCS_OPERATION_COMPLETION'), 'void', [handle, 'void *']),
    eventCallback: koffi.proto(name('HCS_EVENT_CALLBACK'), 'void', [koffi.pointer(hcsEvent), 'void *']),
  };
}
