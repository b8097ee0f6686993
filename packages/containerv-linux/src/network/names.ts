import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import type { AddressRange } from './ip.js';
import { bytesOf } from './ip.js';

/**
 * What networks have in common is the kernel's: interfaces are what tells which addresses are taken, and they go when
 * their container's network namespace does. Every program on the machine that has the same network finds the same.
 */
export const REGISTRY = '/run/containerv-network';
export const LOCK: string = `${REGISTRY}/lock`;

/** Of every interface that containerv makes on the host, so that rules can tell them from others. */
export const INTERFACE_GROUP = 0x6376;
/** The bridge of containers that share none. */
export const DEFAULT_BRIDGE = 'containerv0';
/** The container's interface, and its index, which is free in a new namespace. */
export const INNER_INTERFACE = 'eth0';
export const INNER_INDEX = 1000;

const BRIDGE_ALIAS = 'containerv bridge ';
const PORT_ALIAS = 'containerv port ';

/** `alone`: its containers reach none of each other. */
export type BridgeKind = 'alone' | 'shared';

export function bridgeAlias(kind: BridgeKind): string {
  return BRIDGE_ALIAS + kind;
}

/** `undefined`: a bridge that is not ours. */
export function bridgeKind(alias: string | undefined): BridgeKind | undefined {
  const kind = alias?.startsWith(BRIDGE_ALIAS) === true ? alias.slice(BRIDGE_ALIAS.length) : undefined;
  return kind === 'alone' || kind === 'shared' ? kind : undefined;
}

/** Who a port of a bridge belongs to. */
export interface PortOwner {
  /** Of the container, unlike its id the only one on the machine. */
  readonly token: string;
  readonly id: string;
  readonly hostname: string;
}

export function portAlias({ token, id, hostname }: PortOwner): string {
  return `${PORT_ALIAS}${token} ${id} ${hostname}`;
}

export function portOwner(alias: string | undefined): PortOwner | undefined {
  if (alias?.startsWith(PORT_ALIAS) !== true) return undefined;
  const [token = '', id = '', hostname = '', ...rest] = alias.slice(PORT_ALIAS.length).split(' ');
  return /^[0-9a-f]{16}$/.test(token) && id !== '' && rest.length === 0 ? { token, id, hostname } : undefined;
}

/** The host's end of a container's link is named after its address: the kernel gives each name, so each address, once. */
export function portName(address: bigint): string {
  return `cv${address.toString(16).padStart(8, '0')}`;
}

/** The address in a name. */
export function portAddress(name: string): bigint | undefined {
  const digits = /^cv([0-9a-f]{8})$/.exec(name)?.[1];
  return digits === undefined ? undefined : BigInt(`0x${digits}`);
}

/** For a subnet that somebody chose without naming a bridge. */
export function subnetBridge({ address, prefixLength }: AddressRange): string {
  return `cvb${address.toString(16).padStart(8, '0')}${prefixLength.toString(16).padStart(2, '0')}`;
}

export function isReservedName(name: string): boolean {
  return name === DEFAULT_BRIDGE || /^cvb?[0-9a-f]{8}/.test(name);
}

const BRIDGE_TABLE = 'containerv-';

export function bridgeTable(bridge: string): string {
  return BRIDGE_TABLE + bridge;
}

/** The bridge that a table is for; `undefined`: it is another table. */
export function tableBridge(name: string): string | undefined {
  return name.startsWith(BRIDGE_TABLE) ? name.slice(BRIDGE_TABLE.length) : undefined;
}

/** Locally administered (IEEE 802, the second bit), the rest from the address. */
export function macFor(address: bigint): Uint8Array {
  return Buffer.concat([Uint8Array.of(0x02, 0x63), bytesOf(address, 'inet')]);
}

/** The same on every start of one machine, and hardly on two: RFC 4193, 3.2.2, from what systemd calls the machine's id. */
export function uniqueLocalPrefix(bridge: string): AddressRange {
  const hash = createHash('sha256').update(`containerv ${machineId()} ${bridge}`).digest();
  const prefix = Buffer.alloc(16);
  prefix[0] = 0xfd;
  hash.copy(prefix, 1, 0, 7);
  return { family: 'inet6', address: BigInt(`0x${prefix.toString('hex')}`), prefixLength: 64 };
}

function machineId(): string {
  for (const file of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    try {
      return readFileSync(file, 'utf8').trim();
    } catch {
      continue;
    }
  }
  return '';
}
