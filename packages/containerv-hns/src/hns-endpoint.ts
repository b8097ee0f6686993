import type { EndpointAddress } from './endpoint-settings.js';
import type { Json } from './json.js';

/** An endpoint of the Host Networking Service, as read from it, whichever form the answer had. */
export interface HnsEndpoint {
  /** GUID in lower case. */
  readonly id: string;
  readonly name: string;
  readonly networkId: string;
  readonly addresses: readonly EndpointAddress[];
  /** Next hops of its default routes. */
  readonly gateways: readonly string[];
  readonly dns: readonly string[];
  /** With dashes. */
  readonly mac: string | undefined;
  /** The namespace that it is in. */
  readonly namespaceId: string | undefined;
  /** Containers that it is attached to, where HNS tells. */
  readonly containers: readonly string[];
  /** Each as `{ Type, ...settings }`, whatever nesting the answer had. */
  readonly policies: readonly EndpointPolicy[];
}

export type EndpointPolicy = { readonly Type: string; readonly [name: string]: Json };

export interface HnsNamespace {
  readonly id: string;
  readonly endpointIds: readonly string[];
}
