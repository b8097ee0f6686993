import type { HnsNetwork, HnsSubnet } from '../hns-network.js';
import { AnswerObject } from './read-json.js';

/**
 * A network as HNSCall or HcnQueryNetworkProperties describe it.
 * @throws ContainervError `ERR_CONTAINERV_HNS` for what does not describe one.
 */
export function readNetwork(value: unknown): HnsNetwork {
  const answer = new AnswerObject(value, 'network');
  const switchName = answer.optionalText('SwitchName');
  return {
    id: answer.guid(answer.has('ID') ? 'ID' : 'Id'),
    name: answer.optionalText('Name') ?? '',
    // Its zero, and so left out when HNS omits what is empty.
    type: answer.optionalText('Type') ?? 'NAT',
    ...(switchName === undefined ? {} : { switchName }),
    subnets: answer.has('Ipams')
      ? answer.objects('Ipams').flatMap((ipam) => ipam.objects('Subnets').map(subnetV2))
      : answer.objects('Subnets').map(subnetV1),
  };
}

function subnetV1(answer: AnswerObject): HnsSubnet {
  const gateway = answer.optionalText('GatewayAddress');
  return { prefix: answer.text('AddressPrefix'), ...(gateway === undefined ? {} : { gateway }) };
}

function subnetV2(answer: AnswerObject): HnsSubnet {
  const gateway = defaultRoutes(answer.objects('Routes'))[0];
  return { prefix: answer.text('IpAddressPrefix'), ...(gateway === undefined ? {} : { gateway }) };
}

/** Next hops of the routes to everywhere. */
export function defaultRoutes(routes: readonly AnswerObject[]): readonly string[] {
  return routes
    .filter((route) => ['0.0.0.0/0', '::/0'].includes(route.optionalText('DestinationPrefix') ?? ''))
    .map((route) => route.text('NextHop'));
}
