import type { ErrorCode } from 'containerv-api';

/** What an HRESULT of the Host Compute Service means and what a caller can do about it. */
export interface HresultMeaning {
  /** As the SDK's headers call it: `'HCS_E_SYSTEM_NOT_FOUND'`. */
  readonly name: string;
  /** A phrase that continues a sentence: `'the compute system does not exist'`. */
  readonly meaning: string;
  readonly code: ErrorCode;
  readonly hint?: string;
}

type Entry = readonly [name: string, meaning: string, hint?: string | undefined, code?: ErrorCode];

const CONTAINERS_FEATURE =
  'Run as administrator: Enable-WindowsOptionalFeature -Online -FeatureName Containers -All; then restart.';
const HYPERV_FEATURE =
  'Run as administrator: Enable-WindowsOptionalFeature -Online -FeatureName Microsoft-Hyper-V -All; in a virtual machine, turn nested virtualization on.';
const ELEVATION = 'Run as an elevated administrator.';
const SERVICE = 'Run as administrator: Set-Service vmcompute -StartupType Manual; Start-Service vmcompute';

/** By low word. The same words are used under 0x8037, as documented, and under 0xC037, which vmcompute.dll returns. */
const HCS: Readonly<Record<number, Entry>> = {
  0x0100: [
    'HCS_E_TERMINATED_DURING_START',
    'the container ended while it started',
    'Its image may be damaged or not fit this host.',
  ],
  0x0101: [
    'HCS_E_IMAGE_MISMATCH',
    'the build of the image does not fit the build of this host',
    "Use an image of this host's build, or `windows: { isolation: 'hyperv' }`.",
  ],
  0x0102: [
    'HCS_E_HYPERV_NOT_INSTALLED',
    'Hyper-V is not installed',
    HYPERV_FEATURE,
    'ERR_CONTAINERV_UNSUPPORTED',
  ],
  0x0103: ['HCS_E_OPERATION_PENDING', 'the operation goes on'],
  0x0105: [
    'HCS_E_INVALID_STATE',
    'the compute system is in the wrong state for this',
    undefined,
    'ERR_CONTAINERV_STATE',
  ],
  0x0106: [
    'HCS_E_UNEXPECTED_EXIT',
    'the container ended unexpectedly',
    'A damaged layer, an image of another build, or a virus scanner that holds its files are the usual causes.',
  ],
  0x0107: ['HCS_E_TERMINATED', 'it was terminated'],
  0x0108: ['HCS_E_CONNECT_FAILED', 'the agent in the virtual machine could not be reached'],
  0x0109: ['HCS_E_CONNECTION_TIMEOUT', 'the agent in the virtual machine did not answer in time'],
  0x010a: ['HCS_E_CONNECTION_CLOSED', 'the agent in the virtual machine closed the connection'],
  0x010b: [
    'HCS_E_UNKNOWN_MESSAGE',
    'the agent in the virtual machine does not know this request',
    'The image of the utility virtual machine is too old.',
    'ERR_CONTAINERV_UNSUPPORTED',
  ],
  0x010c: [
    'HCS_E_UNSUPPORTED_PROTOCOL_VERSION',
    'the agent in the virtual machine speaks another version of the protocol',
    'Use an image of the utility virtual machine that fits this host.',
    'ERR_CONTAINERV_UNSUPPORTED',
  ],
  0x010d: [
    'HCS_E_INVALID_JSON',
    'this build of Windows does not know a field of the request',
    "Try `windows: { schema: 'v1' }`, or a newer build.",
    'ERR_CONTAINERV_UNSUPPORTED',
  ],
  0x010e: [
    'HCS_E_SYSTEM_NOT_FOUND',
    'the compute system does not exist',
    undefined,
    'ERR_CONTAINERV_NOT_FOUND',
  ],
  0x010f: [
    'HCS_E_SYSTEM_ALREADY_EXISTS',
    'a compute system with this id exists',
    'Choose another id, or remove it: containerv rm ID',
    'ERR_CONTAINERV_EXISTS',
  ],
  0x0110: [
    'HCS_E_SYSTEM_ALREADY_STOPPED',
    'the compute system has stopped',
    undefined,
    'ERR_CONTAINERV_STATE',
  ],
  0x0111: ['HCS_E_PROTOCOL_ERROR', 'the agent in the virtual machine broke the protocol'],
  0x0112: [
    'HCS_E_INVALID_LAYER',
    'the list of layers cannot be used',
    'Check layerchain.json: nearest parent first, base last, each a layer folder.',
    'ERR_CONTAINERV_LAYER',
  ],
  0x0113: [
    'HCS_E_WINDOWS_INSIDER_REQUIRED',
    'the image needs a Windows Insider build',
    undefined,
    'ERR_CONTAINERV_UNSUPPORTED',
  ],
  0x0114: ['HCS_E_SERVICE_NOT_AVAILABLE', 'the Host Compute Service does not run', SERVICE],
  0x0115: ['HCS_E_OPERATION_NOT_STARTED', 'the operation was not started'],
  0x0116: ['HCS_E_OPERATION_ALREADY_STARTED', 'the operation was started already'],
  0x0117: ['HCS_E_OPERATION_PENDING', 'the operation is not complete'],
  0x0118: ['HCS_E_OPERATION_TIMEOUT', 'the operation took too long', undefined, 'ERR_CONTAINERV_TIMEOUT'],
  0x0119: ['HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET', 'a callback is set already'],
  0x011a: ['HCS_E_OPERATION_RESULT_ALLOCATION_FAILED', 'the service ran out of memory'],
  0x011b: ['HCS_E_ACCESS_DENIED', 'access is denied', ELEVATION, 'ERR_CONTAINERV_PERMISSION'],
  0x011c: ['HCS_E_GUEST_CRITICAL_ERROR', 'the kernel in the virtual machine failed'],
  0x011d: ['HCS_E_PROCESS_INFO_NOT_AVAILABLE', 'the process has no information any more'],
  0x011e: [
    'HCS_E_SERVICE_DISCONNECT',
    'the Host Compute Service was restarted',
    'All containers of before are lost to this program; run: containerv prune',
  ],
  0x011f: ['HCS_E_PROCESS_ALREADY_STOPPED', 'the process has ended', undefined, 'ERR_CONTAINERV_STATE'],
};

/** Win32 errors in the clothes of an HRESULT, 0x8007xxxx. */
const WIN32: Readonly<Record<number, Entry>> = {
  0x02: ['ERROR_FILE_NOT_FOUND', 'a file does not exist', undefined, 'ERR_CONTAINERV_NOT_FOUND'],
  0x03: ['ERROR_PATH_NOT_FOUND', 'a path does not exist', undefined, 'ERR_CONTAINERV_NOT_FOUND'],
  0x05: ['ERROR_ACCESS_DENIED', 'access is denied', ELEVATION, 'ERR_CONTAINERV_PERMISSION'],
  0x06: ['ERROR_INVALID_HANDLE', 'a handle is closed or of another kind'],
  0x0d: ['ERROR_INVALID_DATA', 'the request is not understood', undefined, 'ERR_CONTAINERV_UNSUPPORTED'],
  0x15: ['ERROR_NOT_READY', 'the disk is not ready'],
  0x1f: ['ERROR_GEN_FAILURE', 'a device failed'],
  0x20: [
    'ERROR_SHARING_VIOLATION',
    'another program has the file open',
    'A virus scanner is the usual cause.',
  ],
  0x32: ['ERROR_NOT_SUPPORTED', 'it is not supported', undefined, 'ERR_CONTAINERV_UNSUPPORTED'],
  0x50: ['ERROR_FILE_EXISTS', 'the file exists already', undefined, 'ERR_CONTAINERV_EXISTS'],
  0x57: ['ERROR_INVALID_PARAMETER', 'a parameter is not valid'],
  0x70: [
    'ERROR_DISK_FULL',
    'the disk is full',
    'Make room, or choose another place with CONTAINERV_DATA_DIR.',
  ],
  0x7e: ['ERROR_MOD_NOT_FOUND', 'a library does not exist', CONTAINERS_FEATURE, 'ERR_CONTAINERV_UNSUPPORTED'],
  0x7f: [
    'ERROR_PROC_NOT_FOUND',
    'this build of Windows lacks a function',
    undefined,
    'ERR_CONTAINERV_UNSUPPORTED',
  ],
  0xb7: ['ERROR_ALREADY_EXISTS', 'it exists already', undefined, 'ERR_CONTAINERV_EXISTS'],
  0x102: ['WAIT_TIMEOUT', 'it took too long', undefined, 'ERR_CONTAINERV_TIMEOUT'],
  0x2e4: ['ERROR_ELEVATION_REQUIRED', 'it needs an administrator', ELEVATION, 'ERR_CONTAINERV_PERMISSION'],
  0x3f1: ['ERROR_BADDB', 'a registry hive of a layer is damaged', undefined, 'ERR_CONTAINERV_LAYER'],
  0x422: ['ERROR_SERVICE_DISABLED', 'the service is disabled', SERVICE],
  0x424: [
    'ERROR_SERVICE_DOES_NOT_EXIST',
    'the service is not installed',
    CONTAINERS_FEATURE,
    'ERR_CONTAINERV_UNSUPPORTED',
  ],
  0x426: ['ERROR_SERVICE_NOT_ACTIVE', 'the service does not run', SERVICE],
  0x48f: ['ERROR_DEVICE_NOT_CONNECTED', 'the disk is not attached'],
  0x490: ['ERROR_NOT_FOUND', 'the element does not exist', undefined, 'ERR_CONTAINERV_NOT_FOUND'],
  0x522: ['ERROR_PRIVILEGE_NOT_HELD', 'a privilege is missing', ELEVATION, 'ERR_CONTAINERV_PERMISSION'],
  0x6ba: ['RPC_S_SERVER_UNAVAILABLE', 'the service does not answer', SERVICE],
  0x5b4: ['ERROR_TIMEOUT', 'it took too long', undefined, 'ERR_CONTAINERV_TIMEOUT'],
};

const OTHERS: Readonly<Record<number, Entry>> = {
  0x80004001: ['E_NOTIMPL', 'it is not implemented in this build', undefined, 'ERR_CONTAINERV_UNSUPPORTED'],
  0x80004005: ['E_FAIL', 'it failed without a reason'],
  0x8000ffff: ['E_UNEXPECTED', 'it failed unexpectedly'],
  0x8007000e: ['E_OUTOFMEMORY', 'the service ran out of memory'],
};

/** Unsigned, whatever sign it came with. */
export function unsigned(hresult: number): number {
  return hresult >>> 0;
}

/** COM's rule: the top bit is set. */
export function failed(hresult: number): boolean {
  return unsigned(hresult) >= 0x8000_0000;
}

/** @returns a meaning for every number; unknown ones are named by their digits. */
export function hresultMeaning(hresult: number): HresultMeaning {
  const entry =
    lookUp(unsigned(hresult)) ?? ([hexadecimal(hresult), 'it failed for an unknown reason'] as const);
  const [name, meaning, hint, code = 'ERR_CONTAINERV_HCS']: Entry = entry;
  return { name, meaning, code, ...(hint === undefined ? {} : { hint }) };
}

function lookUp(hresult: number): Entry | undefined {
  return (
    OTHERS[hresult] ??
    entryOf(HCS, lowWord(hresult, 0x8037, 0xc037)) ??
    entryOf(WIN32, lowWord(hresult, 0x8007))
  );
}

function entryOf(table: Readonly<Record<number, Entry>>, word: number | undefined): Entry | undefined {
  return word === undefined ? undefined : table[word];
}

function lowWord(hresult: number, ...facilities: readonly number[]): number | undefined {
  const value = unsigned(hresult);
  return facilities.includes(value >>> 16) ? value & 0xffff : undefined;
}

function hexadecimal(hresult: number): string {
  return `0x${unsigned(hresult).toString(16).padStart(8, '0')}`;
}

const is = (...words: readonly number[]): ((hresult: number) => boolean) => {
  return (hresult) => words.includes(lowWord(hresult, 0x8037, 0xc037) ?? -1);
};
const isWin32 = (...words: readonly number[]): ((hresult: number) => boolean) => {
  return (hresult) => words.includes(lowWord(hresult, 0x8007) ?? -1);
};
const either =
  (...tests: readonly ((hresult: number) => boolean)[]): ((hresult: number) => boolean) =>
  (hresult) =>
    tests.some((test) => test(hresult));

/** vmcompute.dll: accepted, the result comes as a notification. */
export const isPending: (hresult: number) => boolean = is(0x0103, 0x0117);
/** The system, or the process, is not there. */
export const isNotFound: (hresult: number) => boolean = either(is(0x010e), isWin32(0x490));
/** It has ended already, which is what stopping it was to bring about. */
export const isAlreadyStopped: (hresult: number) => boolean = either(is(0x0110, 0x011f), isWin32(0x490));
export const isInvalidState: (hresult: number) => boolean = is(0x0105);
export const isTimeout: (hresult: number) => boolean = either(is(0x0118), isWin32(0x102, 0x5b4));
export const isNotSupported: (hresult: number) => boolean = either(
  is(0x010b, 0x010d),
  isWin32(0x0d, 0x32),
  (hresult) => unsigned(hresult) === 0x80004001,
);
/** A disk that comes and goes: hcsshim's own experience is that a second try works. */
export const isNotReady: (hresult: number) => boolean = isWin32(0x15, 0x48f);
