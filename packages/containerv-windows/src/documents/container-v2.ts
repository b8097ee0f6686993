import type { ContainerSpec } from 'containerv-api';
import type { WindowsHost } from '../windows-host.js';
import type { Guest } from './guest.js';
import { compact, type JsonObject, OWNER, SCHEMA_2_1, unlessEmpty } from './json.js';
import { type HcsLimits, hcsLimits } from './limits.js';
import { mappedDirectories } from './mapped-directories.js';
import { storageMismatch } from './storage-mismatch.js';

/** A Windows container that shares the host's kernel, schema 2.1. */
export function containerV2(spec: ContainerSpec, host: WindowsHost, guest: Guest): JsonObject {
  const { storage } = host;
  if (storage.kind !== 'windowsfilter' || storage.volumePath === undefined) {
    throw storageMismatch('the volume of a prepared scratch layer');
  }
  const limits = hcsLimits(spec.limits, host.processors, guest);
  return {
    Owner: host.owner ?? OWNER,
    SchemaVersion: SCHEMA_2_1,
    ShouldTerminateOnLastHandleClosed: !spec.detached,
    Container: compact({
      GuestOs: { HostName: spec.hostname },
      Storage: compact({
        Layers: storage.layers.map(({ id, path }) => ({ Id: id, Path: path })),
        // With the backslash here, without it in schema v1.
        Path: storage.volumePath.replace(/\\?$/, '\\'),
        QoS: qualityOfService(limits),
      }),
      MappedDirectories: unlessEmpty(
        mappedDirectories(spec, host, guest).map(({ hostPath, target, readonly }) => ({
          HostPath: hostPath,
          ContainerPath: target,
          ReadOnly: readonly,
        })),
      ),
      Memory: limits.memoryMb === undefined ? undefined : { SizeInMB: limits.memoryMb },
      Processor:
        limits.processor.kind === 'maximum'
          ? { Maximum: limits.processor.value }
          : { Weight: limits.processor.value },
      Networking: networking(host),
    }),
  };
}

export function networking({ networkNamespace }: WindowsHost): JsonObject | undefined {
  return networkNamespace === undefined ? undefined : { Namespace: networkNamespace };
}

export function qualityOfService({ iopsMaximum, bytesPerSecondMaximum }: HcsLimits): JsonObject | undefined {
  const limits = compact({ IopsMaximum: iopsMaximum, BandwidthMaximum: bytesPerSecondMaximum });
  return Object.keys(limits).length === 0 ? undefined : limits;
}
