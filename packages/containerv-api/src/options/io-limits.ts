import { type ByteSize, parseByteSize } from '../byte-size.js';
import { checkArray, checkInteger, checkOptions, invalidOption } from '../option-check.js';

/** Block device bandwidth. */
export interface IoLimits {
  /** Share of bandwidth under contention, 1 to 10000. @defaultValue the kernel's own */
  readonly weight?: number | undefined;
  /** Limits for single devices. @defaultValue none */
  readonly devices?: readonly IoDeviceLimit[] | undefined;
}

/** What one block device may be asked for in a second; a field left out is no limit. */
export interface IoDeviceLimit {
  /** A block device of the host: `'/dev/sda'`, or its numbers: `'8:0'`. `'root'`: the container's own disk (Windows). */
  readonly device: string;
  readonly readBytesPerSecond?: ByteSize | undefined;
  readonly writeBytesPerSecond?: ByteSize | undefined;
  readonly readOpsPerSecond?: number | undefined;
  readonly writeOpsPerSecond?: number | undefined;
}

export interface ResolvedIoLimits {
  readonly weight: number | undefined;
  readonly devices: readonly ResolvedIoDeviceLimit[];
}

export interface ResolvedIoDeviceLimit {
  readonly device: string;
  readonly readBytesPerSecond: number | undefined;
  readonly writeBytesPerSecond: number | undefined;
  readonly readOpsPerSecond: number | undefined;
  readonly writeOpsPerSecond: number | undefined;
}

const BYTE_RATES = ['readBytesPerSecond', 'writeBytesPerSecond'] as const;
const OP_RATES = ['readOpsPerSecond', 'writeOpsPerSecond'] as const;
const DEVICE = /^(?:root|\d{1,4}:\d{1,7}|\/dev\/[^\0\n]+)$/;

export function resolveIoLimits(io: IoLimits, option: string): ResolvedIoLimits {
  checkOptions(io, option, ['weight', 'devices']);
  return {
    weight: io.weight === undefined ? undefined : checkInteger(io.weight, `${option}.weight`, 1, 10_000),
    devices: checkArray(io.devices ?? [], `${option}.devices`).map((limit, index) =>
      resolveDevice(limit, `${option}.devices[${index}]`),
    ),
  };
}

function resolveDevice(limit: IoDeviceLimit, option: string): ResolvedIoDeviceLimit {
  checkOptions(limit, option, ['device', ...BYTE_RATES, ...OP_RATES]);
  if (typeof limit.device !== 'string' || !DEVICE.test(limit.device)) {
    throw invalidOption(`${option}.device`, "a block device such as '/dev/sda' or '8:0'", limit.device);
  }
  const bytes = (name: (typeof BYTE_RATES)[number]): number | undefined => {
    const rate = limit[name];
    if (rate === undefined) return undefined;
    const parsed = parseByteSize(rate, `${option}.${name}`);
    if (parsed > 0) return parsed;
    throw invalidOption(`${option}.${name}`, 'more than 0', rate);
  };
  const operations = (name: (typeof OP_RATES)[number]): number | undefined => {
    const rate = limit[name];
    return rate === undefined
      ? undefined
      : checkInteger(rate, `${option}.${name}`, 1, Number.MAX_SAFE_INTEGER);
  };
  return {
    device: limit.device,
    readBytesPerSecond: bytes('readBytesPerSecond'),
    writeBytesPerSecond: bytes('writeBytesPerSecond'),
    readOpsPerSecond: operations('readOpsPerSecond'),
    writeOpsPerSecond: operations('writeOpsPerSecond'),
  };
}
