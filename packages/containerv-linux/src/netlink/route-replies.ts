import { attributeText, attributeU32, readAttributes, readMessages } from './netlink-reader.js';

const NEW_LINK = 16;
const NEW_ADDRESS = 20;
const NEW_ROUTE = 24;
const RT_TABLE_MAIN = 254;
const RTN_UNICAST = 1;

export interface Link {
  readonly index: number;
  readonly name: string;
  readonly mtu: number;
  readonly alias: string | undefined;
  /** `'bridge'`, `'veth'`; `undefined` for hardware and its like. */
  readonly kind: string | undefined;
  /** Index of the bridge it is a port of. */
  readonly master: number | undefined;
}

export function readLinks(replies: Buffer): Link[] {
  return readMessages(replies)
    .filter(({ type }) => type === NEW_LINK)
    .map(({ body }) => {
      const attributes = readAttributes(body, 16);
      const info = attributes.get(18);
      return {
        index: body.readInt32LE(4),
        name: attributeText(attributes, 3) ?? '',
        mtu: attributeU32(attributes, 4) ?? 0,
        alias: attributeText(attributes, 20),
        kind: info === undefined ? undefined : attributeText(readAttributes(info), 1),
        master: attributeU32(attributes, 10),
      };
    });
}

export interface LinkAddress {
  readonly index: number;
  readonly bytes: Buffer;
  readonly prefixLength: number;
}

export function readAddresses(replies: Buffer): LinkAddress[] {
  return readMessages(replies)
    .filter(({ type }) => type === NEW_ADDRESS)
    .flatMap(({ body }) => {
      const attributes = readAttributes(body, 8);
      const bytes = attributes.get(2) ?? attributes.get(1);
      if (bytes === undefined) return [];
      return [{ index: body.readUInt32LE(4), bytes, prefixLength: body.readUInt8(1) }];
    });
}

export interface Route {
  /** Empty for the default route. */
  readonly destination: Buffer;
  readonly prefixLength: number;
  readonly interface: number | undefined;
  /** The lower the better. */
  readonly metric: number;
}

/** Of the main table. */
export function readRoutes(replies: Buffer): Route[] {
  return readMessages(replies)
    .filter(({ type, body }) => type === NEW_ROUTE && body.readUInt8(7) === RTN_UNICAST)
    .flatMap(({ body }) => {
      const attributes = readAttributes(body, 12);
      if ((attributeU32(attributes, 15) ?? body.readUInt8(4)) !== RT_TABLE_MAIN) return [];
      return [
        {
          destination: attributes.get(1) ?? Buffer.alloc(0),
          prefixLength: body.readUInt8(1),
          interface: attributeU32(attributes, 4),
          metric: attributeU32(attributes, 6) ?? 0,
        },
      ];
    });
}

/** Names of nftables tables. */
export function readTables(replies: Buffer): string[] {
  return readMessages(replies).flatMap(({ body }) => {
    const name = attributeText(readAttributes(body, 4), 1);
    return name === undefined ? [] : [name];
  });
}
