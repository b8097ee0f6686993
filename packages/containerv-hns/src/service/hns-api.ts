import type { EndpointSettings } from '../endpoint-settings.js';
import type { EndpointStatistics } from '../host-networks.js';
import type { HnsEndpoint, HnsNamespace } from '../hns-endpoint.js';
import type { HnsNetwork } from '../hns-network.js';
import type { JsonObject } from '../json.js';

/**
 * What containerv needs of the Host Networking Service, whichever library it comes from. Ids are GUIDs in lower case.
 * Everything rejects with a ContainervError: `ERR_CONTAINERV_HNS` unless a method says otherwise,
 * `ERR_CONTAINERV_TIMEOUT` when the service does not answer.
 */
export interface HnsApi {
  /** `computenetwork.dll` since build 17763, `HNSCall` of `vmcompute.dll` before. */
  readonly library: 'computenetwork' | 'vmcompute';
  /** In the service's own order. */
  networks(): Promise<HnsNetwork[]>;
  /** Those that containerv has made, by their names; what others have made is not even read. */
  ownEndpoints(): Promise<HnsEndpoint[]>;
  endpoint(id: string): Promise<HnsEndpoint>;
  /** The endpoint in the older form, which a utility virtual machine's guest takes. */
  endpointDocument(id: string): Promise<JsonObject>;
  /** Bytes and packets; `null`: this build does not tell. */
  endpointStatistics(id: string): Promise<EndpointStatistics | null>;
  /** @returns its id. */
  createEndpoint(networkId: string, settings: EndpointSettings): Promise<string>;
  /** Gone already is good. */
  deleteEndpoint(id: string): Promise<void>;
  /** The older way of a container that was created without its endpoints. */
  attach(endpointId: string, containerId: string): Promise<void>;
  /** Not attached, or gone, is good. */
  detach(endpointId: string, containerId: string): Promise<void>;

  // computenetwork.dll only; by the older library these reject with `ERR_CONTAINERV_UNSUPPORTED`, and `ownNamespaces`
  // knows none.
  ownNamespaces(): Promise<HnsNamespace[]>;
  namespaceDocument(id: string): Promise<JsonObject>;
  createNamespace(id: string): Promise<void>;
  addToNamespace(id: string, endpointId: string): Promise<void>;
  /** Not in it, or gone, is good. */
  removeFromNamespace(id: string, endpointId: string): Promise<void>;
  /** Gone already is good. */
  deleteNamespace(id: string): Promise<void>;
}
