import { rm } from 'node:fs/promises';
import { ContainervError } from 'containerv-api';
import type { Deadlines } from '../hcs/hcs-api.js';
import { check, type NativeFunction, type Out } from '../native/library.js';
import { NativeHandle } from '../native/native-handle.js';
import type { VirtualDiskFunctions } from './virtual-disk-functions.js';

/** VIRTUAL_STORAGE_TYPE: VHDX, of Microsoft (virtdisk.h, VIRTUAL_STORAGE_TYPE_VENDOR_MICROSOFT). */
const VHDX = {
  DeviceId: 3,
  VendorId: {
    Data1: 0xec98_4aec,
    Data2: 0xa0f9,
    Data3: 0x47e9,
    Data4: [0x90, 0x1f, 0x71, 0x41, 0x5a, 0x66, 0x34, 0x5b],
  },
};
const NO_GUID = { Data1: 0, Data2: 0, Data3: 0, Data4: [0, 0, 0, 0, 0, 0, 0, 0] };
const NO_STORAGE_TYPE = { DeviceId: 0, VendorId: NO_GUID };
const VERSION_2 = 2;
/** As hcsshim has it: small files make small disks. */
const BLOCK_BYTES = 1024 * 1024;

/** VIRTUAL_DISK_ACCESS_MASK, version 1. */
const ACCESS = {
  attachReadonly: 0x1_0000,
  attach: 0x2_0000,
  detach: 0x4_0000,
  information: 0x8_0000,
} as const;
/** ATTACH_VIRTUAL_DISK_FLAG. */
const ATTACH = { readonly: 1, noDriveLetter: 2, permanent: 4 } as const;

const GENERIC_READ_WRITE = 0xc000_0000;
const OPEN_EXISTING = 3;
/** Until this build HcsFormatWritableLayerVhd takes a handle of the file, and not of the disk. */
const LAST_BUILD_WITH_FILES = 17_763;

const ERROR_NOT_FOUND = 0x490;
const ERROR_INVALID_PARAMETER = 0x57;

/** A disk that this machine has as one of its own. */
export interface AttachedDisk {
  /** `\\?\Volume{...}\` */
  readonly volumePath: string;
  detach(): Promise<void>;
}

export interface AttachOptions {
  readonly readonly: boolean;
  /** Whether it stays when this program ends; otherwise it goes with it, whatever ends it. */
  readonly permanent: boolean;
}

/** Virtual disks in VHDX files. */
export class VirtualDisks {
  readonly #functions: VirtualDiskFunctions;
  readonly #deadlines: Deadlines;

  constructor(functions: VirtualDiskFunctions, deadlines: Deadlines) {
    this.#functions = functions;
    this.#deadlines = deadlines;
  }

  /** Makes a disk that grows up to `bytes`, and formats it. Nothing is left when it rejects. */
  async create(file: string, bytes: number, build: number): Promise<void> {
    const { create } = this.#functions;
    const handle: Out<bigint> = [null];
    const parameters = {
      Version: VERSION_2,
      Version2: {
        UniqueId: NO_GUID,
        MaximumSize: bytes,
        BlockSizeInBytes: BLOCK_BYTES,
        SectorSizeInBytes: 0,
        PhysicalSectorSizeInBytes: 0,
        ParentPath: null,
        SourcePath: null,
        OpenFlags: 0,
        ParentVirtualStorageType: NO_STORAGE_TYPE,
        SourceVirtualStorageType: NO_STORAGE_TYPE,
        ResiliencyGuid: NO_GUID,
      },
    };
    const args = [VHDX, file, 0, null, 0, 0, parameters, null, handle];
    const error = await create.call(this.#deadlines.operationMs, args, {
      late: () =>
        void this.#own(handle[0])
          ?.close()
          .then(async () => rm(file, { force: true })),
    });
    check(fromWin32(error), { step: 'create disk', call: create.name, subject: file });
    const disk = this.#adopt(handle, create);
    try {
      await this.#format(disk, file, build);
    } catch (failure) {
      await disk.close();
      await rm(file, { force: true });
      throw failure;
    }
    await disk.close();
  }

  /** Makes a new file system, and ends everything that is on it. */
  async format(file: string, build: number): Promise<void> {
    const disk = await this.#open(file, ACCESS.attach | ACCESS.detach | ACCESS.information, 'format disk');
    try {
      await this.#format(disk, file, build);
    } finally {
      await disk.close();
    }
  }

  async attach(file: string, { readonly, permanent }: AttachOptions): Promise<AttachedDisk> {
    const { attach } = this.#functions;
    const access = readonly ? ACCESS.attachReadonly : ACCESS.attach;
    const disk = await this.#open(file, access | ACCESS.detach | ACCESS.information, 'attach disk');
    const flags =
      ATTACH.noDriveLetter | (readonly ? ATTACH.readonly : 0) | (permanent ? ATTACH.permanent : 0);
    try {
      const error = await disk.call(attach, this.#deadlines.operationMs, [null, flags, 0, null, null], {
        // Closing the handle detaches it, unless it is to outlive that.
        late: (result) => void (result === 0 && permanent ? this.detach(file).catch(() => {}) : undefined),
      });
      check(fromWin32(error), { step: 'attach disk', call: attach.name, subject: file });
      const volumePath = await this.#volume(disk, file);
      if (!permanent) return { volumePath, detach: async () => this.#detach(disk, file) };
      // Nothing depends on the handle, and whoever detaches it later has none.
      await disk.close();
      return { volumePath, detach: async () => this.detach(file) };
    } catch (failure) {
      if (permanent) await this.#detach(disk, file).catch(() => {});
      else await disk.close();
      throw failure;
    }
  }

  /** One that is attached by somebody who has ended; nothing is wrong when it is not. */
  async detach(file: string): Promise<void> {
    await this.#detach(await this.#open(file, ACCESS.detach | ACCESS.information, 'detach disk'), file);
  }

  async #detach(disk: NativeHandle, file: string): Promise<void> {
    const { detach } = this.#functions;
    try {
      const error = await disk.call(detach, this.#deadlines.operationMs, [0, 0]);
      // It is not attached.
      if (error === ERROR_NOT_FOUND || error === ERROR_INVALID_PARAMETER) return;
      check(fromWin32(error), { step: 'detach disk', call: detach.name, subject: file });
    } finally {
      await disk.close();
    }
  }

  async #format(disk: NativeHandle, file: string, build: number): Promise<void> {
    const { format } = this.#functions;
    const target = build <= LAST_BUILD_WITH_FILES ? await this.#openFile(file, disk) : disk;
    try {
      const hresult = await target.call(format, this.#deadlines.operationMs, []);
      check(hresult, { step: 'format disk', call: format.name, subject: file });
    } finally {
      if (target !== disk) await target.close();
    }
  }

  async #volume(disk: NativeHandle, file: string): Promise<string> {
    const { mountPath } = this.#functions;
    const path: Out<string> = [null];
    const hresult = await disk.call(mountPath, this.#deadlines.operationMs, [path]);
    check(hresult, { step: 'find volume', call: mountPath.name, subject: file });
    if (path[0] !== null && path[0] !== '') return path[0].replace(/\\?$/, '\\');
    throw new ContainervError('ERR_CONTAINERV_LAYER', 'The disk has no file system', {
      step: 'find volume',
      path: file,
      hint: 'Format it: formatVolume().',
    });
  }

  async #open(file: string, access: number, step: string): Promise<NativeHandle> {
    const { open } = this.#functions;
    const handle: Out<bigint> = [null];
    const error = await open.call(this.#deadlines.callMs, [VHDX, file, access, 0, null, handle], {
      late: () => void this.#own(handle[0])?.close(),
    });
    check(fromWin32(error), { step, call: open.name, subject: file });
    return this.#adopt(handle, open);
  }

  /** The disk's own handle would keep the file from being opened. */
  async #openFile(file: string, disk: NativeHandle): Promise<NativeHandle> {
    await disk.close();
    const { createFile } = this.#functions;
    // The one function here whose result is a handle.
    const value: unknown = await createFile.call(
      this.#deadlines.callMs,
      [file, GENERIC_READ_WRITE, 0, null, OPEN_EXISTING, 0, null],
      { late: (late: unknown) => void this.#own(late)?.close() },
    );
    const opened = this.#own(value);
    if (opened !== undefined) return opened;
    throw new ContainervError('ERR_CONTAINERV_SYSTEM', 'Cannot open the disk', {
      step: 'format disk',
      syscall: createFile.name,
      path: file,
    });
  }

  #adopt(handle: Out<bigint>, native: NativeFunction): NativeHandle {
    const owned = this.#own(handle[0]);
    if (owned !== undefined) return owned;
    throw new ContainervError('ERR_CONTAINERV_PROTOCOL', `${native.name} succeeded and gave no handle`);
  }

  #own(value: unknown): NativeHandle | undefined {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) === -1n) return undefined;
    return new NativeHandle(value, async (handle) =>
      this.#functions.closeHandle.call(this.#deadlines.callMs, [handle]),
    );
  }
}

/** HRESULT_FROM_WIN32; errors of virtual disks are HRESULTs already. */
function fromWin32(error: number): number {
  return error === 0 || error >= 0x8000_0000 ? error : (0x8007_0000 | (error & 0xffff)) >>> 0;
}
