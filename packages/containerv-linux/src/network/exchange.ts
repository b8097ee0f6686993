import type { NetlinkExchange } from '../native.js';
import { NetlinkWriter } from '../netlink/netlink-writer.js';
import { NETLINK_NETFILTER, NETLINK_ROUTE } from './network-setup.js';

type Choices = Partial<Pick<NetlinkExchange, 'pidOffsets' | 'tolerated' | 'lastWhenAnswered'>>;

const USUAL = { pidOffsets: [], tolerated: [], lastWhenAnswered: false } as const;

export function routeExchange(
  step: string,
  build: (writer: NetlinkWriter) => void,
  choices: Choices = {},
): NetlinkExchange {
  const writer = new NetlinkWriter();
  build(writer);
  return { step, protocol: NETLINK_ROUTE, messages: writer.finish(), ...USUAL, ...choices };
}

export function rulesExchange(step: string, messages: Uint8Array, choices: Choices = {}): NetlinkExchange {
  return { step, protocol: NETLINK_NETFILTER, messages, ...USUAL, ...choices };
}
