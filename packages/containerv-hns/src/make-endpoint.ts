import type { ResolvedPrivateNetwork } from 'containerv-api';
import { type EndpointExtras, type EndpointSettings, endpointSettings } from './endpoint-settings.js';
import type { HnsEndpoint } from './hns-endpoint.js';
import type { HnsNetwork } from './hns-network.js';
import { notApplied } from './inside/configure-inside.js';
import { endpointOutcome, INSIDE_FIELDS, type NetworkField, type NetworkOutcome } from './outcome.js';
import { resolveEgress } from './resolve-egress.js';
import type { HnsApi } from './service/hns-api.js';

/** `endpointSettings` for options that may hold host names. */
export async function resolveSettings(
  containerId: string,
  network: HnsNetwork,
  wanted: ResolvedPrivateNetwork,
  extras?: EndpointExtras,
): Promise<EndpointSettings> {
  const egress = wanted.egress === undefined ? undefined : await resolveEgress(wanted.egress);
  return endpointSettings(containerId, network, { ...wanted, egress }, extras);
}

/**
 * Creates an endpoint and reads back what HNS made of it. Does not remove it when that is too little.
 * @throws ContainervError `ERR_CONTAINERV_HNS` when it lacks what the inside of a container cannot get either.
 */
export async function makeEndpoint(
  hns: HnsApi,
  network: HnsNetwork,
  settings: EndpointSettings,
  optional: readonly NetworkField[] = [],
): Promise<{ readonly endpoint: HnsEndpoint; readonly outcome: NetworkOutcome }> {
  const endpoint = await hns.endpoint(await hns.createEndpoint(network.id, settings));
  const outcome = endpointOutcome(settings, endpoint);
  checkOutcome(outcome, optional);
  return { endpoint, outcome };
}

/** What neither the endpoint has nor the inside of the container can get. */
function checkOutcome(outcome: NetworkOutcome, optional: readonly NetworkField[]): void {
  for (const [field, applied] of Object.entries(outcome) as [NetworkField, string][]) {
    if (applied !== 'not applied' || optional.includes(field)) continue;
    if (!INSIDE_FIELDS.some((inside) => inside === field)) {
      throw notApplied(field, 'the endpoint does not have it after it was created with it');
    }
  }
}
