import { ContainervError } from 'containerv-api';
import type { Koffi } from './koffi.js';
import type { Library, NativeFunction, Out } from './library.js';
import { nativeTypes } from './types.js';

const BACKUP = ['SeBackupPrivilege', 'SeRestorePrivilege'] as const;
/** `GetCurrentProcess()`: a number that always means the program itself. */
const CURRENT_PROCESS = 0xffff_ffff_ffff_ffffn;
/** TOKEN_ADJUST_PRIVILEGES and TOKEN_QUERY. */
const TOKEN_ACCESS = 0x28;
const SE_PRIVILEGE_ENABLED = 2;
const PRIVILEGE_SET_ALL_NECESSARY = 1;
const CALL_MS = 30_000;

/** Rights that administrators have and that are off until a program asks for them. */
export class Privileges {
  readonly #openToken: NativeFunction;
  readonly #lookUp: NativeFunction;
  readonly #adjust: NativeFunction;
  readonly #check: NativeFunction;
  readonly #closeHandle: NativeFunction;

  constructor(koffi: typeof Koffi, advapi32: Library, kernel32: Library) {
    const { handle, luid, tokenPrivileges, privilegeSet } = nativeTypes(koffi);
    const bind = advapi32.function.bind(advapi32);
    this.#openToken = bind('OpenProcessToken', 'int32', [handle, 'uint32', koffi.out(koffi.pointer(handle))]);
    this.#lookUp = bind('LookupPrivilegeValueW', 'int32', ['str16', 'str16', koffi.out(koffi.pointer(luid))]);
    this.#adjust = bind('AdjustTokenPrivileges', 'int32', [
      handle,
      'int32',
      koffi.pointer(tokenPrivileges),
      'uint32',
      'void *',
      'void *',
    ]);
    this.#check = bind('PrivilegeCheck', 'int32', [
      handle,
      koffi.pointer(privilegeSet),
      koffi.out(koffi.pointer('int32')),
    ]);
    this.#closeHandle = kernel32.function('CloseHandle', 'int32', [handle]);
  }

  /**
   * Reading and writing layers whole, whoever owns the files in them. For the whole program, since its threads are
   * everybody's.
   * @throws ContainervError `ERR_CONTAINERV_PERMISSION`
   */
  async enableBackup(): Promise<void> {
    const token: Out<bigint> = [null];
    const opened = await this.#openToken.call(CALL_MS, [CURRENT_PROCESS, TOKEN_ACCESS, token]);
    const handle = token[0];
    if (opened === 0 || handle === null) throw denied(this.#openToken.name, 'its rights');
    try {
      for (const name of BACKUP) await this.#enable(handle, name);
    } finally {
      await this.#closeHandle.call(CALL_MS, [handle]);
    }
  }

  async #enable(token: bigint, name: string): Promise<void> {
    const luid = {};
    if ((await this.#lookUp.call(CALL_MS, [null, name, luid])) === 0) throw denied(this.#lookUp.name, name);
    const enabled = { Luid: luid, Attributes: SE_PRIVILEGE_ENABLED };
    await this.#adjust.call(CALL_MS, [token, 0, { PrivilegeCount: 1, Privilege: enabled }, 0, null, null]);
    // It says that it went well when nothing has changed, so the outcome is looked at.
    const held: Out<number> = [null];
    const asked = { PrivilegeCount: 1, Control: PRIVILEGE_SET_ALL_NECESSARY, Privilege: enabled };
    const checked = await this.#check.call(CALL_MS, [token, asked, held]);
    if (checked === 0 || held[0] !== 1) throw denied(this.#adjust.name, name);
  }
}

function denied(syscall: string, what: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_PERMISSION', `This program may not have ${what}`, {
    step: 'enable privileges',
    syscall,
    hint: 'Run as an elevated administrator.',
  });
}
