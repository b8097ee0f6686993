import { ContainervError, signalName, type TerminalSize } from 'containerv-api';
import type { JsonObject } from './json.js';

/** Only our own systems, or one of them. */
export function enumerateQuery(owner: string, id?: string): JsonObject {
  return id === undefined ? { Owners: [owner] } : { Owners: [owner], Ids: [id] };
}

export function propertiesQuery(
  ...types: readonly ('Statistics' | 'ProcessList' | 'GuestConnection' | 'Memory')[]
): JsonObject {
  return types.length === 0 ? {} : { PropertyTypes: types };
}

/** `HcsModifyProcess`: the size of its console. */
export function resizeRequest({ columns, rows }: TerminalSize): JsonObject {
  return { Operation: 'ConsoleSize', ConsoleSize: { Height: rows, Width: columns } };
}

/** `HcsModifyProcess`: nothing more is written to its stdin. Closing our end alone does not always tell it so. */
export function closeStdinRequest(): JsonObject {
  return { Operation: 'CloseHandle', CloseHandle: { Handle: 'StdIn' } };
}

const SIGHUP = 1;
const SIGINT = 2;
const SIGQUIT = 3;
const SIGTERM = 15;

const CONTROL_EVENTS: Readonly<Record<number, string>> = {
  [SIGHUP]: 'CtrlClose',
  [SIGINT]: 'CtrlC',
  [SIGQUIT]: 'CtrlBreak',
  [SIGTERM]: 'CtrlShutdown',
};

/**
 * `HcsSignalProcess`. Linux guests take the number; Windows has console events for four signals, and SIGKILL, which is
 * `HcsTerminateProcess` and not here.
 *
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` for a signal that Windows has nothing like.
 */
export function signalRequest(signal: number, os: 'windows' | 'linux'): JsonObject {
  if (os === 'linux') return { Signal: signal };
  const event = CONTROL_EVENTS[signal];
  if (event !== undefined) return { Signal: event };
  throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `Windows has nothing like ${signalName(signal)}`, {
    step: 'signal process',
    hint: 'SIGTERM, SIGINT, SIGQUIT, SIGHUP and SIGKILL work.',
  });
}

/** `HcsModifyComputeSystem` of a running container with process isolation, schema v2. */
export function updateMemoryRequest(memoryMb: number): JsonObject {
  return { ResourcePath: 'Container/Memory/SizeInMB', RequestType: 'Update', Settings: memoryMb };
}
