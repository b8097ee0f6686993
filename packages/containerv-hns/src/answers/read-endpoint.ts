import { macAddress, splitDnsServers } from '../addresses.js';
import type { EndpointAddress } from '../endpoint-settings.js';
import { hnsGarbage } from '../hns-error.js';
import type { EndpointPolicy, HnsEndpoint, HnsNamespace } from '../hns-endpoint.js';
import type { Json } from '../json.js';
import { AnswerObject, guid } from './read-json.js';
import { defaultRoutes } from './read-network.js';

/**
 * An endpoint as HcnQueryEndpointProperties describes it.
 * @throws ContainervError `ERR_CONTAINERV_HNS` for what does not describe one.
 */
export function readEndpointV2(value: unknown): HnsEndpoint {
  const answer = new AnswerObject(value, 'endpoint');
  return {
    id: answer.guid(answer.has('ID') ? 'ID' : 'Id'),
    name: answer.optionalText('Name') ?? '',
    networkId: answer.guid('HostComputeNetwork'),
    addresses: answer.objects('IpConfigurations').flatMap((configuration) => {
      const address = configuration.optionalText('IpAddress');
      return address === undefined
        ? []
        : [{ address, prefixLength: prefixLength(configuration, 'PrefixLength') }];
    }),
    gateways: defaultRoutes(answer.objects('Routes')),
    dns: answer.optionalObject('Dns')?.texts('ServerList') ?? [],
    mac: mac(answer),
    namespaceId: usable(answer.optionalGuid('HostComputeNamespace')),
    containers: answer.texts('SharedContainers'),
    policies: answer.objects('Policies').map((policy) => ({
      ...(policy.optionalObject('Settings')?.raw() as Record<string, Json> | undefined),
      Type: policy.text('Type'),
    })),
  };
}

/**
 * An endpoint as `GET /endpoints/id` describes it.
 * @throws ContainervError `ERR_CONTAINERV_HNS` for what does not describe one.
 */
export function readEndpointV1(value: unknown): HnsEndpoint {
  const answer = new AnswerObject(value, 'endpoint');
  const gateways = [answer.optionalText('GatewayAddress'), answer.optionalText('GatewayAddressV6')];
  return {
    id: answer.guid('ID'),
    name: answer.optionalText('Name') ?? '',
    networkId: answer.guid('VirtualNetwork'),
    addresses: [
      ...addressV1(answer, 'IPAddress', 'PrefixLength'),
      ...addressV1(answer, 'IPv6Address', 'IPv6PrefixLength'),
    ],
    gateways: gateways.filter((gateway) => gateway !== undefined),
    dns: splitDnsServers(answer.optionalText('DNSServerList') ?? ''),
    mac: mac(answer),
    namespaceId: usable(answer.optionalObject('Namespace')?.optionalGuid('ID')),
    containers: answer.texts('SharedContainers'),
    policies: answer.objects('Policies').map(
      (policy): EndpointPolicy => ({
        ...(policy.raw() as Record<string, Json>),
        Type: policy.text('Type'),
      }),
    ),
  };
}

/** @throws ContainervError `ERR_CONTAINERV_HNS` for what does not describe a namespace. */
export function readNamespace(value: unknown): HnsNamespace {
  const answer = new AnswerObject(value, 'namespace');
  return {
    id: answer.guid(answer.has('ID') ? 'ID' : 'Id'),
    endpointIds: answer
      .objects('Resources')
      .filter((resource) => resource.text('Type') === 'Endpoint')
      .map((resource) =>
        guid(resource.optionalObject('Data')?.optionalText('Id') ?? '', 'namespace.Resources'),
      ),
  };
}

function addressV1(answer: AnswerObject, name: string, length: string): readonly EndpointAddress[] {
  const address = answer.optionalText(name);
  return address === undefined ? [] : [{ address, prefixLength: prefixLength(answer, length) }];
}

function prefixLength(answer: AnswerObject, name: string): number {
  const length = answer.has(name) ? answer.integer(name) : 0;
  if (length >= 0 && length <= 128) return length;
  throw hnsGarbage('read answer', `endpoint.${name} is not a prefix length`);
}

function mac(answer: AnswerObject): string | undefined {
  return macAddress(answer.optionalText('MacAddress') ?? '');
}

/** The zero GUID means none. */
function usable(id: string | undefined): string | undefined {
  return id === '00000000-0000-0000-0000-000000000000' ? undefined : id;
}
