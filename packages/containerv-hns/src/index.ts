export type {
  AppliedField,
  Endpoint,
  EndpointRequest,
  EndpointStatistics,
  HostNetworks,
  NetworkNamespace,
  SelectedNetwork,
  SweepReport,
} from './host-networks.js';
export { hostNetworks, openHostNetworks } from './open-host-networks.js';
export { readEndpointV1, readEndpointV2, readNamespace } from './answers/read-endpoint.js';
export { readNetwork } from './answers/read-network.js';
export { connect, type ConnectRequest, type NetworkConnection } from './connect.js';
export { disconnect, sweep, type Swept } from './disconnect.js';
export { endpointV1 } from './documents/endpoint-v1.js';
export { endpointV2 } from './documents/endpoint-v2.js';
export {
  linuxMachineRequest,
  type MachineAdapter,
  machineRemoval,
  windowsMachineRequests,
} from './documents/machine-requests.js';
export { type EndpointSettings, endpointSettings } from './endpoint-settings.js';
export type { HnsEndpoint, HnsNamespace } from './hns-endpoint.js';
export type { HnsNetwork, HnsSubnet } from './hns-network.js';
export { configureInside, type InsideRequest, type RunInside } from './inside/configure-inside.js';
export { endpointName, namespaceId } from './names.js';
export { endpointOutcome, type FieldOutcome, type NetworkField, type NetworkOutcome } from './outcome.js';
export {
  type ExplainedNetwork,
  explain,
  type RankedNetwork,
  rankNetworks,
  selectNetwork,
} from './rank-networks.js';
export type { HnsApi } from './service/hns-api.js';
export { openHns } from './service/open-hns.js';
