import type { ContainerSpec } from 'containerv-api';
import { machineKernel } from '../lcow/kernel-command-line.js';
import { joinPath } from '../layers/windows-path.js';
import { BUILD, type ContainerStorage, type WindowsHost } from '../windows-host.js';
import { qualityOfService } from './container-v2.js';
import { compact, type JsonObject, OWNER, SCHEMA_2_1 } from './json.js';
import { type HcsLimits, hcsLimits, machineMemoryMb, machineProcessors } from './limits.js';
import { storageMismatch } from './storage-mismatch.js';

/** SYSTEM and administrators of the host may listen on the machine's sockets, nobody else. */
const HV_SOCKET: JsonObject = {
  HvSocketConfig: { DefaultBindSecurityDescriptor: 'D:P(A;;FA;;;SY)(A;;FA;;;BA)' },
};
const OS_SHARE: JsonObject = {
  ReadOnly: true,
  PseudoOplocks: true,
  TakeBackupPrivilege: true,
  CacheIo: true,
  ShareRead: true,
};

/** The virtual machine that holds one Hyper-V isolated container, schema 2. */
export function utilityVmV2(spec: ContainerSpec, host: WindowsHost): JsonObject {
  const { storage } = host;
  const os = storage.kind === 'linux' ? 'linux' : 'windows';
  const limits = hcsLimits(spec.limits, host.processors, { os, isolation: 'hyperv' });
  return {
    Owner: host.owner ?? OWNER,
    SchemaVersion: SCHEMA_2_1,
    // Also of a detached container: its hosted system keeps it alive, and goes with it.
    ShouldTerminateOnLastHandleClosed: !spec.detached,
    VirtualMachine: compact({
      StopOnReset: true,
      StorageQoS: qualityOfService(limits),
      ...(storage.kind === 'windowsfilter'
        ? windowsMachine(storage, host, limits)
        : linuxMachine(spec, storage, host, limits)),
    }),
  };
}

function windowsMachine(
  storage: Extract<ContainerStorage, { kind: 'windowsfilter' }>,
  host: WindowsHost,
  limits: HcsLimits,
): JsonObject {
  if (storage.utilityVmPath === undefined) throw storageMismatch('a utility virtual machine');
  if (storage.utilityVmScratchPath === undefined) throw storageMismatch('a disk for its virtual machine');
  return {
    Chipset: {
      Uefi: { BootThis: { DevicePath: '\\EFI\\Microsoft\\Boot\\bootmgfw.efi', DeviceType: 'VmbFs' } },
    },
    ComputeTopology: topology(host, limits, { EnableHotHint: true }),
    Devices: {
      Scsi: {
        '0': { Attachments: { '0': { Type: 'VirtualDisk', Path: storage.utilityVmScratchPath } } },
      },
      HvSocket: HV_SOCKET,
      VirtualSmb: {
        DirectFileMappingInMB: 1024,
        // The machine boots from the share of this very name.
        Shares: [{ Name: 'os', Path: joinPath(storage.utilityVmPath, 'Files'), Options: OS_SHARE }],
      },
    },
    GuestConnection: {},
  };
}

function linuxMachine(
  spec: ContainerSpec,
  storage: Extract<ContainerStorage, { kind: 'linux' }>,
  host: WindowsHost,
  limits: HcsLimits,
): JsonObject {
  const { count } = machineProcessors(limits.processor, host.processors);
  const kernel = machineKernel(storage, spec.windows?.lcow?.bootParameters, count);
  const direct = {
    LinuxKernelDirect: {
      KernelFilePath: storage.kernelPath,
      InitRdPath: storage.initrdPath,
      KernelCmdLine: kernel.commandLine,
    },
  };
  const uefi = {
    Uefi: {
      BootThis: {
        DeviceType: 'VmbFs',
        DevicePath: `\\${kernel.kernelFile}`,
        VmbFsRootPath: kernel.folder,
        OptionalData: `initrd=\\${kernel.initrdFile} ${kernel.commandLine}`,
      },
    },
  };
  return {
    Chipset: host.build >= BUILD.v19h1 ? direct : uefi,
    ComputeTopology: topology(host, limits, {}),
    Devices: { Scsi: { '0': { Attachments: {} } }, Plan9: {}, HvSocket: HV_SOCKET },
    GuestConnection: { UseVsock: true, UseConnectedSuspend: true },
  };
}

function topology(host: WindowsHost, limits: HcsLimits, memory: JsonObject): JsonObject {
  const processor = machineProcessors(limits.processor, host.processors);
  return {
    Memory: { SizeInMB: machineMemoryMb(limits.memoryMb), AllowOvercommit: true, ...memory },
    Processor: compact({ Count: processor.count, Limit: processor.limit, Weight: processor.weight }),
  };
}
