import type { ResolvedPrivateNetwork } from 'containerv-api';

/**
 * What a driver needs of the Host Networking Service, and all that it may use of it. The driver knows compute systems
 * and nothing of networks; this knows networks and nothing of compute systems.
 *
 * Every method has a deadline. What rejects has left nothing behind.
 */
export interface HostNetworks {
  /**
   * The network to join, by the name that the options have.
   * @throws ContainervError `ERR_CONTAINERV_HNS` when there is none, saying how one is made.
   */
  selectNetwork(switchName: string | undefined): Promise<SelectedNetwork>;
  /**
   * Makes the endpoint `chef-<container id>` on a network, and reads it back. One of that name that is there already is
   * a leftover and is replaced.
   */
  createEndpoint(request: EndpointRequest): Promise<Endpoint>;
  /**
   * Makes a namespace that holds the endpoints, for documents of schema v2 (`Networking.Namespace`). Schema v1 takes
   * the endpoints' ids themselves (`EndpointList`), and needs none.
   */
  createNamespace(endpoints: readonly Endpoint[]): Promise<NetworkNamespace>;
  /** Which of the wanted fields the endpoint has; the driver configures the others inside the container. */
  compare(endpoint: Endpoint, wanted: ResolvedPrivateNetwork): readonly AppliedField[];
  /** Bytes and packets of an endpoint; `null`: this build does not tell. */
  statistics(endpointId: string): Promise<EndpointStatistics | null>;
  /** Takes an endpoint out of its namespace or container and deletes it. One that is gone is no error. */
  deleteEndpoint(endpointId: string): Promise<void>;
  deleteNamespace(namespaceId: string): Promise<void>;
  /** Endpoints and namespaces of containers that are none of these, which owners that crashed left. */
  sweep(liveContainerIds: ReadonlySet<string>): Promise<SweepReport>;
}

export interface SelectedNetwork {
  readonly id: string;
  readonly name: string;
  /** `'NAT'`, `'ICS'`, `'Transparent'`. */
  readonly type: string;
}

export interface EndpointRequest {
  readonly containerId: string;
  readonly network: SelectedNetwork;
  readonly wanted: ResolvedPrivateNetwork;
  readonly signal?: AbortSignal | undefined;
}

/** As HNS has it after its creation. */
export interface Endpoint {
  readonly id: string;
  readonly name: string;
  /** `'00-15-5D-52-C0-10'`. */
  readonly macAddress: string | undefined;
  readonly addresses: readonly { readonly address: string; readonly prefixLength: number }[];
  readonly gateway: string | undefined;
  readonly dns: readonly string[];
}

export interface NetworkNamespace {
  readonly id: string;
}

/** How one field of the options fared. */
export interface AppliedField {
  readonly field: 'containerIp' | 'prefixLength' | 'gateway' | 'dns' | 'ports' | 'egress' | 'nat';
  readonly applied: boolean;
}

export interface EndpointStatistics {
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
}

export interface SweepReport {
  /** For people: `'endpoint chef-web'`. */
  readonly removed: readonly string[];
  readonly failed: readonly { readonly name: string; readonly message: string }[];
}
