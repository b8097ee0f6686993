import { ContainervError } from 'containerv-api';
import type { Koffi } from './koffi.js';
import { type Library, type NativeFunction, type Out } from './library.js';
import { nativeTypes } from './types.js';

/** JOB_OBJECT_ALL_ACCESS. */
const ALL_ACCESS = 0x1f_003f;
/** JobObjectExtendedLimitInformation. */
const EXTENDED_LIMITS = 9;
/** JOBOBJECT_EXTENDED_LIMIT_INFORMATION, and where it has what is changed here. */
const LIMITS = { bytes: 144, flags: 16, activeProcesses: 40 } as const;
const JOB_OBJECT_LIMIT_ACTIVE_PROCESS = 0x8;
const OBJECT_ATTRIBUTES_BYTES = 48;
const CALL_MS = 30_000;
/** STATUS_ACCESS_DENIED. */
const ACCESS_DENIED = 0xc000_0022;

/**
 * The job object around a container that shares the host's kernel. HCS makes it, has no field for how many processes it may
 * hold, and gives no handle of it; it has a name in the kernel's own name space, which SYSTEM alone may open (hcsshim takes
 * the figures of containers from it).
 */
export class SiloJobs {
  readonly #open: NativeFunction;
  readonly #query: NativeFunction;
  readonly #set: NativeFunction;
  readonly #closeHandle: NativeFunction;

  constructor(koffi: typeof Koffi, ntdll: Library, kernel32: Library) {
    const { handle, objectAttributes } = nativeTypes(koffi);
    this.#open = ntdll.function('NtOpenJobObject', 'uint32', [
      koffi.out(koffi.pointer(handle)),
      'uint32',
      koffi.pointer(objectAttributes),
    ]);
    const information = [handle, 'int32', 'void *', 'uint32'];
    this.#query = kernel32.function('QueryInformationJobObject', 'int32', [...information, 'void *']);
    this.#set = kernel32.function('SetInformationJobObject', 'int32', information);
    this.#closeHandle = kernel32.function('CloseHandle', 'int32', [handle]);
  }

  /**
   * Limits how many processes there may be, those of Windows itself in the container included, and reads it back.
   * @returns the limit before @throws ContainervError `ERR_CONTAINERV_PERMISSION`, `_UNSUPPORTED`
   */
  async limitProcesses(systemId: string, processes: number | 'max'): Promise<number | 'max'> {
    const job = await this.#openJob(`\\Container_${systemId}`);
    try {
      const limits = await this.#read(job);
      const flags = limits.readUInt32LE(LIMITS.flags);
      const was = (flags & JOB_OBJECT_LIMIT_ACTIVE_PROCESS) !== 0;
      const before = was ? limits.readUInt32LE(LIMITS.activeProcesses) : 'max';
      const limited = processes === 'max' ? 0 : JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
      limits.writeUInt32LE(((flags & ~JOB_OBJECT_LIMIT_ACTIVE_PROCESS) | limited) >>> 0, LIMITS.flags);
      limits.writeUInt32LE(processes === 'max' ? 0 : processes, LIMITS.activeProcesses);
      const set = await this.#set.call(CALL_MS, [job, EXTENDED_LIMITS, limits, LIMITS.bytes]);
      if (set === 0) throw notLimited(this.#set.name);
      const held = await this.#read(job);
      const same = held.readUInt32LE(LIMITS.flags) === limits.readUInt32LE(LIMITS.flags);
      const holds = processes === 'max' || held.readUInt32LE(LIMITS.activeProcesses) === processes;
      if (!same || !holds) throw notLimited(this.#query.name);
      return before;
    } finally {
      await this.#closeHandle.call(CALL_MS, [job]);
    }
  }

  async #openJob(name: string): Promise<bigint> {
    const bytes = name.length * 2;
    const attributes = {
      Length: OBJECT_ATTRIBUTES_BYTES,
      RootDirectory: null,
      ObjectName: { Length: bytes, MaximumLength: bytes + 2, Buffer: name },
      Attributes: 0,
      SecurityDescriptor: null,
      SecurityQualityOfService: null,
    };
    const job: Out<bigint> = [null];
    const status = (await this.#open.call(CALL_MS, [job, ALL_ACCESS, attributes])) >>> 0;
    if (status === 0 && job[0] !== null) return job[0];
    if (status !== ACCESS_DENIED) throw notLimited(this.#open.name, status);
    throw new ContainervError('ERR_CONTAINERV_PERMISSION', 'The job of the container may not be opened', {
      step: 'limit processes',
      syscall: this.#open.name,
      path: name,
      hint: 'SYSTEM may, as which services run. Leave `limits.pids` out, or run as that.',
    });
  }

  async #read(job: bigint): Promise<Buffer> {
    const limits = Buffer.alloc(LIMITS.bytes);
    const read = await this.#query.call(CALL_MS, [job, EXTENDED_LIMITS, limits, LIMITS.bytes, null]);
    if (read === 0) throw notLimited(this.#query.name);
    return limits;
  }
}

function notLimited(syscall: string, status?: number): ContainervError {
  const why = status === undefined ? '' : ` (0x${status.toString(16)})`;
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `Processes of the container cannot be counted${why}`,
    {
      step: 'limit processes',
      syscall,
      hint: 'Leave `limits.pids` out.',
    },
  );
}
