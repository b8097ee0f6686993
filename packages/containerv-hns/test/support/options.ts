import type { ResolvedPrivateNetwork } from 'containerv-api';
import type { HnsNetwork } from '../../src/hns-network.js';

export const NETWORK_ID = '11111111-2222-3333-4444-555555555555';

export const NAT: HnsNetwork = {
  id: NETWORK_ID,
  name: 'nat',
  type: 'NAT',
  subnets: [{ prefix: '172.20.0.0/16', gateway: '172.20.0.1' }, { prefix: 'fd00:20::/64' }],
};
export const BRIDGE: HnsNetwork = { ...NAT, name: 'lan', type: 'L2Bridge' };

/** A resolved `network` option; what is not given is left to HNS. */
export function wanted(more: Partial<ResolvedPrivateNetwork> = {}): ResolvedPrivateNetwork {
  return {
    mode: 'private',
    containerIp: undefined,
    prefixLength: undefined,
    hostIp: undefined,
    gateway: undefined,
    dns: undefined,
    bridge: undefined,
    switchName: undefined,
    ports: [],
    nat: true,
    egress: undefined,
    ...more,
  };
}

export const EVERYTHING: ResolvedPrivateNetwork = wanted({
  containerIp: '172.20.0.10',
  gateway: '172.20.0.1',
  dns: ['8.8.8.8', '2001:4860:4860::8888'],
  ports: [
    { host: 8080, container: 80, protocol: 'tcp', hostIp: undefined },
    { host: 5353, container: 53, protocol: 'udp', hostIp: '0.0.0.0' },
  ],
  egress: [
    { address: '10.0.0.0/8', isHostName: false, ports: [443, [8000, 8010]], protocol: 'tcp' },
    { address: 'fd00::/8', isHostName: false, ports: undefined, protocol: undefined },
  ],
});
