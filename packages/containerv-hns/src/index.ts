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
