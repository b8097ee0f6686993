import type { ContainerSpec } from 'containerv-api';
import type { WindowsHost } from '../windows-host.js';
import { containerV1 } from './container-v1.js';
import { containerV2 } from './container-v2.js';
import { guestOf } from './guest.js';
import type { JsonObject } from './json.js';
import { utilityVmV2 } from './utility-vm-v2.js';

/**
 * The document that `HcsCreateComputeSystem` takes for a container: pure, the same for the same input.
 *
 * Before build 17763, and with `windows.schema: 'v1'`, it is the container in schema v1. Otherwise it is schema v2: of
 * the container itself with process isolation, of its virtual machine with Hyper-V isolation and for Linux containers,
 * in which {@link utilityVmSetup} then prepares what {@link buildHostedContainer} needs.
 *
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` for a limit that HCS cannot hold, `_LAYER` for storage that lacks
 * what the isolation needs, `_INVALID_OPTION` for a Linux container with process isolation.
 */
export function buildComputeSystem(spec: ContainerSpec, host: WindowsHost): JsonObject {
  const guest = guestOf(spec, host.build);
  if (guest.schema === 'v1') return containerV1(spec, host, guest);
  return guest.isolation === 'process' ? containerV2(spec, host, guest) : utilityVmV2(spec, host);
}
