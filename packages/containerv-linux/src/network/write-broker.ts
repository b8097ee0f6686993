import { parseCidr } from 'containerv-policy';
import { WireWriter } from '../wire.js';
import { bytesOf } from './ip.js';
import { type BrokerRule, FAMILY, OPERATION, PROTOCOL, type SocketBroker } from './socket-broker.js';

const ANY_ADDRESS = { inet: '0.0.0.0/0', inet6: '::/0' } as const;
const ANY_PORT: readonly (readonly [number, number])[] = [[0, 65535]];

/** As `native/init/socket_rules.cc` reads it; no filter: none is needed. */
export function writeBroker(writer: WireWriter, broker: SocketBroker | undefined): void {
  writer.bytes(broker?.filter ?? new Uint8Array()).u64(broker?.pass ?? 0n);
  writer.u32(broker?.packets === true ? 1 : 0);
  writer.list(broker?.rules ?? [], (rule) => writeRule(writer, rule));
}

function writeRule(writer: WireWriter, rule: BrokerRule): void {
  const { family, protocol, allow, path, ports } = rule;
  writer
    .u32(FAMILY[family])
    .u32(protocol === undefined ? 0 : PROTOCOL[protocol])
    .u32(allow.reduce((bits, operation) => bits | OPERATION[operation], 0))
    .bytes(socketName(path));
  if (family === 'unix') {
    writer.bytes(new Uint8Array()).u32(0).bytes(new Uint8Array());
    return;
  }
  const { address, prefixLength } = parseCidr(rule.address ?? ANY_ADDRESS[family], family, 'address');
  const ranges = new WireWriter();
  for (const [first, last] of ports ?? ANY_PORT) ranges.u32(first).u32(last);
  writer.bytes(bytesOf(address, family)).u32(prefixLength).bytes(ranges.finish());
}

/** As the kernel has it: an abstract name begins with a NUL. */
function socketName(path: string | undefined): Uint8Array {
  if (path === undefined) return new Uint8Array();
  return Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : path);
}
