import { MessageFlag, NetlinkWriter } from './netlink-writer.js';
import type { NftExpression } from './nft-expression.js';

/** Names of `nf_tables` address families; the numbers are NFPROTO_* of linux/netfilter.h. */
const FAMILIES = { inet: 1, netdev: 5 } as const;
const HOOKS = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4, ingress: 0 } as const;

export type NftFamily = keyof typeof FAMILIES;

export interface NftRule {
  /** What it is for, as `nft list ruleset` shows it. */
  readonly comment?: string;
  readonly expressions: readonly NftExpression[];
}

export interface NftChain {
  readonly name: string;
  /** Where packets enter; without, only other chains lead here. */
  readonly hook?: {
    readonly type: 'filter' | 'nat';
    readonly at: keyof typeof HOOKS;
    readonly priority: number;
    /** What becomes of packets that no rule decided. */
    readonly policy: 'accept' | 'drop';
    /** The interface, for `ingress`. */
    readonly device?: string;
  };
  readonly rules: readonly NftRule[];
}

/** A whole table: made, and removed, in one step with everything in it. */
export interface NftTable {
  readonly family: NftFamily;
  readonly name: string;
  readonly chains: readonly NftChain[];
}

const SUBSYSTEM = 10;
const BATCH_BEGIN = 0x10;
const BATCH_END = 0x11;
const NEW_TABLE = 0;
const GET_TABLE = 1;
const DELETE_TABLE = 2;
const NEW_CHAIN = 3;
const NEW_RULE = 6;
const COMMENT = 0;
const MAX_COMMENT_BYTES = 128;

/** One batch, which the kernel does as a whole or not at all. Fails with EEXIST when a table of the name is there. */
export function addTables(tables: readonly NftTable[]): Buffer {
  return batch((writer) => {
    for (const table of tables) writeTable(writer, table);
  });
}

/** Fails with ENOENT when there is none. */
export function deleteTable(family: NftFamily, name: string): Buffer {
  return batch((writer) => {
    message(writer, DELETE_TABLE, 0, family, (body) => body.attributeText(1, name));
  });
}

/** Asks for the names of all tables of a family. */
export function listTables(family: NftFamily): Buffer {
  return new NetlinkWriter()
    .message((SUBSYSTEM << 8) | GET_TABLE, MessageFlag.Dump, (writer) => header(writer, FAMILIES[family], 0))
    .finish();
}

function batch(body: (writer: NetlinkWriter) => void): Buffer {
  const writer = new NetlinkWriter();
  writer.message(BATCH_BEGIN, 0, () => header(writer, 0, SUBSYSTEM));
  body(writer);
  return writer.message(BATCH_END, 0, () => header(writer, 0, SUBSYSTEM)).finish();
}

function writeTable(writer: NetlinkWriter, { family, name, chains }: NftTable): void {
  const { Create, Excl, Append } = MessageFlag;
  message(writer, NEW_TABLE, Create | Excl, family, (body) =>
    body.attributeText(1, name).attributeU32Be(2, 0),
  );
  for (const chain of chains) {
    message(writer, NEW_CHAIN, Create | Excl, family, (body) => writeChain(body, name, chain));
  }
  for (const chain of chains) {
    for (const rule of chain.rules) {
      message(writer, NEW_RULE, Create | Append, family, (body) => writeRule(body, name, chain.name, rule));
    }
  }
}

function writeChain(writer: NetlinkWriter, table: string, { name, hook }: NftChain): void {
  writer.attributeText(1, table).attributeText(3, name);
  if (hook === undefined) return;
  writer
    .nest(4, (nested) => {
      nested.attributeU32Be(1, HOOKS[hook.at]).attributeU32Be(2, hook.priority);
      if (hook.device !== undefined) nested.attributeText(3, hook.device);
    })
    .attributeU32Be(5, hook.policy === 'accept' ? 1 : 0)
    .attributeText(7, hook.type);
}

function writeRule(writer: NetlinkWriter, table: string, chain: string, rule: NftRule): void {
  writer
    .attributeText(1, table)
    .attributeText(2, chain)
    .nest(4, (list) => {
      for (const step of rule.expressions) {
        list.nest(1, (expression) =>
          expression.attributeText(1, step.name).nest(2, (data) => {
            step.write(data);
          }),
        );
      }
    });
  if (rule.comment !== undefined) writer.attribute(7, commentData(rule.comment));
}

/** The type-length-value that nft(8) reads comments from. */
function commentData(comment: string): Uint8Array {
  const text = Buffer.from(`${comment.slice(0, MAX_COMMENT_BYTES - 1)}\0`);
  return Buffer.concat([Uint8Array.of(COMMENT, text.length), text]);
}

function message(
  writer: NetlinkWriter,
  type: number,
  flags: number,
  family: NftFamily,
  body: (writer: NetlinkWriter) => void,
): void {
  writer.message((SUBSYSTEM << 8) | type, flags | MessageFlag.Ack, () => {
    header(writer, FAMILIES[family], 0);
    body(writer);
  });
}

/** struct nfgenmsg */
function header(writer: NetlinkWriter, family: number, resource: number): void {
  writer.u8(family).u8(0).u16Be(resource);
}
