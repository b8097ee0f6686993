import type { ErrorCode } from 'containerv-api';

/** What an HRESULT of the Host Networking Service means. */
export interface HnsMeaning {
  /** `'HCN_E_ENDPOINT_NOT_FOUND'`. */
  readonly name: string;
  /** A phrase that continues a sentence. */
  readonly meaning: string;
  readonly code: ErrorCode;
  readonly hint?: string | undefined;
}

type Entry = readonly [name: string, meaning: string, hint?: string | undefined, code?: ErrorCode];

const PRUNE = 'A container that ended badly may still hold it: containerv prune.';
const ELEVATION = 'Run as an elevated administrator.';
const SERVICE = 'Look at the service: Get-Service hns. Restart-Service hns starts it again.';

/** Facility 0x803B, by low word. */
const HCN: Readonly<Record<number, Entry>> = {
  0x0001: ['HCN_E_NETWORK_NOT_FOUND', 'the network does not exist', 'It may have been deleted just now.'],
  0x0002: ['HCN_E_ENDPOINT_NOT_FOUND', 'the endpoint does not exist'],
  0x0003: ['HCN_E_LAYER_NOT_FOUND', 'a layer of the virtual switch does not exist'],
  0x0004: ['HCN_E_SWITCH_NOT_FOUND', 'the virtual switch does not exist'],
  0x0005: ['HCN_E_SUBNET_NOT_FOUND', 'the subnet does not exist'],
  0x0006: ['HCN_E_ADAPTER_NOT_FOUND', 'the network adapter does not exist'],
  0x0007: ['HCN_E_PORT_NOT_FOUND', 'the port of the virtual switch does not exist'],
  0x0008: ['HCN_E_POLICY_NOT_FOUND', 'the policy does not exist'],
  0x000a: ['HCN_E_INVALID_NETWORK', 'the network is not valid'],
  0x000b: ['HCN_E_INVALID_NETWORK_TYPE', 'the type of the network is not valid'],
  0x000c: ['HCN_E_INVALID_ENDPOINT', 'the endpoint is not valid'],
  0x000d: ['HCN_E_INVALID_POLICY', 'a policy is not valid'],
  0x000e: ['HCN_E_INVALID_POLICY_TYPE', 'the type of a policy is not valid'],
  0x000f: ['HCN_E_INVALID_REMOTE_ENDPOINT_OPERATION', 'a remote endpoint cannot do this'],
  0x0010: ['HCN_E_NETWORK_ALREADY_EXISTS', 'the network exists already', undefined, 'ERR_CONTAINERV_EXISTS'],
  0x0011: ['HCN_E_LAYER_ALREADY_EXISTS', 'the layer exists already'],
  0x0012: ['HCN_E_POLICY_ALREADY_EXISTS', 'the policy exists already'],
  0x0013: ['HCN_E_PORT_ALREADY_EXISTS', 'a port of the host is taken', PRUNE],
  0x0014: ['HCN_E_ENDPOINT_ALREADY_ATTACHED', 'the endpoint is attached already', PRUNE],
  0x0015: ['HCN_E_REQUEST_UNSUPPORTED', 'the request is not supported, or something is still in use'],
  0x0016: [
    'HCN_E_MAPPING_NOT_SUPPORTED',
    'this type of network cannot map ports',
    'Choose a NAT network: `network.switchName`.',
  ],
  0x0017: ['HCN_E_DEGRADED_OPERATION', 'the network or endpoint works only in part', SERVICE],
  0x0018: ['HCN_E_SHARED_SWITCH_MODIFICATION', 'the switch is shared and cannot be changed'],
  0x0019: ['HCN_E_GUID_CONVERSION_FAILURE', 'an id is not a GUID'],
  0x001a: ['HCN_E_REGKEY_FAILURE', 'a key of the registry cannot be used'],
  0x001b: ['HCN_E_INVALID_JSON', 'the document is not valid'],
  0x001c: ['HCN_E_INVALID_JSON_REFERENCE', 'a reference in the document is not valid'],
  0x001d: ['HCN_E_ENDPOINT_SHARING_DISABLED', 'the endpoint cannot be shared'],
  0x001e: ['HCN_E_INVALID_IP', 'an IP address is not valid', 'Is it in a subnet of the network?'],
  0x001f: ['HCN_E_SWITCH_EXTENSION_NOT_FOUND', 'an extension of the virtual switch does not exist'],
  0x0020: ['HCN_E_MANAGER_STOPPED', 'the service is stopping', SERVICE],
  0x0029: ['HCN_E_DEFAULTNAMESPACE_EXISTS', 'there is a default namespace already'],
  0x002a: [
    'HCN_E_ICS_DISABLED',
    'Internet Connection Sharing is disabled',
    'Start its service: Set-Service SharedAccess -StartupType Manual; Start-Service SharedAccess.',
  ],
  0x002b: ['HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS', 'the endpoint is in a namespace already', PRUNE],
  0x002c: ['HCN_E_ENTITY_HAS_REFERENCES', 'something still refers to it'],
  0x002d: ['HCN_E_INVALID_INTERNAL_PORT', "a port of the container's side is not valid"],
  0x002e: ['HCN_E_NAMESPACE_ATTACH_FAILED', 'the endpoint cannot enter the namespace'],
  0x002f: ['HCN_E_ADDR_INVALID_OR_RESERVED', 'an address is not valid, reserved or in use', PRUNE],
  0x0034: ['HCN_E_ENDPOINT_NOT_ATTACHED', 'the endpoint is not attached'],
};

const OTHERS: Readonly<Record<number, Entry>> = {
  0x80004001: ['E_NOTIMPL', 'this build of Windows lacks it', undefined, 'ERR_CONTAINERV_UNSUPPORTED'],
  0x80070005: ['ERROR_ACCESS_DENIED', 'access is denied', ELEVATION, 'ERR_CONTAINERV_PERMISSION'],
  0x80070032: ['ERROR_NOT_SUPPORTED', 'it is not supported', undefined, 'ERR_CONTAINERV_UNSUPPORTED'],
  0x80070057: ['E_INVALIDARG', 'a parameter is not valid'],
  0x80070426: ['ERROR_SERVICE_NOT_ACTIVE', 'the service does not run', SERVICE],
  0x80070490: [
    'ERROR_NOT_FOUND',
    'the element does not exist',
    'HNS also says so where IPv6 is disabled on the host; it has to be enabled.',
  ],
  0x800705b4: ['ERROR_TIMEOUT', 'it took too long', SERVICE, 'ERR_CONTAINERV_TIMEOUT'],
  0x800706ba: ['RPC_S_SERVER_UNAVAILABLE', 'the service does not answer', SERVICE],
};

/** @returns a meaning for every number; unknown ones are named by their digits. */
export function hnsMeaning(hresult: number): HnsMeaning {
  const value = hresult >>> 0;
  const known = value >>> 16 === 0x803b ? HCN[value & 0xffff] : OTHERS[value];
  const digits = `0x${value.toString(16).padStart(8, '0')}`;
  const [name, meaning, hint, code = 'ERR_CONTAINERV_HNS']: Entry = known ?? [digits, 'it failed'];
  return { name, meaning, code, hint };
}

/** Network, endpoint, namespace or element: it is not there. */
export function isNotFound(hresult: number | undefined): boolean {
  return hresult !== undefined && [0x803b0001, 0x803b0002, 0x80070490].includes(hresult >>> 0);
}

export function isNotAttached(hresult: number | undefined): boolean {
  return hresult !== undefined && hresult >>> 0 === 0x803b0034;
}
