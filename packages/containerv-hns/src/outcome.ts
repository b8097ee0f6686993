import { sameAddress, samePrefix } from './addresses.js';
import { policiesV1 } from './documents/endpoint-v1.js';
import { policiesV2 } from './documents/endpoint-v2.js';
import type { EndpointSettings } from './endpoint-settings.js';
import type { EndpointPolicy, HnsEndpoint } from './hns-endpoint.js';
import type { Json } from './json.js';

/** What can be asked of a container's network, each on its own. */
export type NetworkField = 'address' | 'gateway' | 'dns' | 'mac' | 'ports' | 'nat' | 'egress';

/** `'endpoint'`: HNS does it. `'in-container'`: configured inside, where HNS did not. */
export type FieldOutcome = 'endpoint' | 'in-container' | 'not applied';

/** Only of fields that were asked for. */
export type NetworkOutcome = Readonly<Partial<Record<NetworkField, FieldOutcome>>>;

/** What is left to be done inside, because an endpoint's own settings reach into the container. */
export type InsideField = Extract<NetworkField, 'address' | 'gateway' | 'dns'>;
export const INSIDE_FIELDS: readonly InsideField[] = ['address', 'gateway', 'dns'];

/** Compares what was asked for with what HNS says that it has made of it. */
export function endpointOutcome(wanted: EndpointSettings, made: HnsEndpoint): NetworkOutcome {
  const { addresses, gateways, dns, mac } = wanted;
  const outcome: Partial<Record<NetworkField, FieldOutcome>> = {};
  const judge = (field: NetworkField, asked: boolean, applied: boolean): void => {
    if (asked) outcome[field] = applied ? 'endpoint' : 'not applied';
  };
  judge(
    'address',
    addresses.length > 0,
    addresses.every((each) => hasAddress(made, each)),
  );
  judge(
    'gateway',
    gateways.length > 0,
    gateways.every((each) => made.gateways.some((gateway) => sameAddress(gateway, each))),
  );
  judge('dns', dns.length > 0, sameServers(dns, made.dns));
  judge('mac', mac !== undefined, mac === made.mac);
  const has = (type: string): boolean =>
    policiesOf(wanted, type).every((set) => set.some((policy) => hasPolicy(made, policy)));
  judge('ports', wanted.ports.length > 0, has('NAT'));
  judge('nat', wanted.outboundNat !== undefined, has('OutBoundNAT'));
  judge('egress', wanted.egress !== undefined, has('ACL'));
  return outcome;
}

function hasAddress(
  made: HnsEndpoint,
  { address, prefixLength }: EndpointSettings['addresses'][number],
): boolean {
  return made.addresses.some(
    (each) => sameAddress(each.address, address) && each.prefixLength === prefixLength,
  );
}

/** Their order is that in which they are asked. */
function sameServers(wanted: readonly string[], made: readonly string[]): boolean {
  return (
    wanted.length === made.length && wanted.every((server, index) => sameAddress(server, made[index] ?? ''))
  );
}

/** Each policy in both of its forms, because HNS may answer in the other one. */
function policiesOf(wanted: EndpointSettings, type: string): readonly (readonly EndpointPolicy[])[] {
  const v2 = policiesV2(wanted).map(
    ({ Type, Settings }) => ({ ...(Settings as Record<string, Json>), Type }) as EndpointPolicy,
  );
  return policiesV1(wanted)
    .map((policy, index) => [policy as EndpointPolicy, v2[index] ?? (policy as EndpointPolicy)])
    .filter(([policy]) => policy?.Type === type);
}

/** HNS may add members of its own, but none that was asked for may be missing or another. */
function hasPolicy({ policies }: HnsEndpoint, wanted: EndpointPolicy): boolean {
  return policies.some(
    (policy) =>
      Object.entries(wanted).every(([name, value]) => sameValue(value, policy[name])) &&
      !narrows(policy, wanted),
  );
}

/** Members that would make a rule one for fewer packets than was asked for: one for everything has none of them. */
function narrows(policy: EndpointPolicy, wanted: EndpointPolicy): boolean {
  return ['Protocol', 'Protocols', 'LocalAddresses', 'RemoteAddresses', 'LocalPorts', 'RemotePorts'].some(
    (name) => !(name in wanted) && policy[name] !== undefined && policy[name] !== '',
  );
}

function sameValue(wanted: Json, made: Json | undefined): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(made) &&
      wanted.length === made.length &&
      wanted.every((value, index) => sameValue(value as Json, made[index] as Json))
    );
  }
  if (typeof wanted === 'string' && typeof made === 'string') {
    return wanted.toLowerCase() === made.toLowerCase() || samePrefix(wanted, made);
  }
  return wanted === made;
}
