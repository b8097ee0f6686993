import type { EndpointEgress } from '../endpoint-settings.js';
import { compact, type JsonObject } from '../json.js';

/** Which rule wins where several fit: the lowest number. */
const ALLOW = 200;
const BLOCK_THE_REST = 65_000;
/** IANA's numbers; HNS takes them as text. */
const PROTOCOLS = { tcp: '6', udp: '17' } as const;

/**
 * An endpoint's access list, each rule as the settings of an ACL policy, which are the same in both forms. A member left
 * out means all.
 *
 * @param egress `undefined`: no rule, everything may be reached; empty: nothing may
 */
export function accessRules(egress: readonly EndpointEgress[] | undefined): readonly JsonObject[] {
  if (egress === undefined) return [];
  const allowed = egress.map(({ block, protocol, ports }) =>
    compact({
      Action: 'Allow',
      Direction: 'Out',
      Protocols: protocol === undefined ? undefined : PROTOCOLS[protocol],
      RemoteAddresses: block,
      RemotePorts: ports,
      RuleType: 'Switch',
      Priority: ALLOW,
    }),
  );
  return [...allowed, { Action: 'Block', Direction: 'Out', RuleType: 'Switch', Priority: BLOCK_THE_REST }];
}
