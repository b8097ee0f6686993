export {
  type Change,
  type Container,
  type ContainerDriver,
  type ContainerEvents,
  type ContainerInfo,
  type ContainerOptions,
  type ContainerPool,
  type ContainerProcess,
  type ContainerState,
  type ContainerStats,
  ContainervError,
  type Denial,
  type Enforced,
  type ErrorCode,
  type ExitStatus,
  type HostCheck,
  type HostReport,
  isContainervError,
  type Layer,
  type LearnOptions,
  type LearnReport,
  type ObservedRun,
  type ObserveOptions,
  parseByteSize,
  parseDuration,
  type ProcessInfo,
  type PoolOptions,
  type NetworkInfo,
  type PruneReport,
  RunError,
  type RunOptions,
  type RunResult,
  type SpawnOptions,
  TransferError,
  type TransferOptions,
  type TransferReport,
} from 'containerv-api';
export { createPolicy, FsAccess, Policy } from 'containerv-policy';
export { createContainer } from './create-container.js';
export { createPool } from './create-pool.js';
export { joinContainer } from './join-container.js';
export { launcherPath } from './launcher-path.js';
export { checkPolicy } from './learn/check-policy.js';
export { learnPolicy } from './learn/learn-policy.js';
export { listContainers } from './list-containers.js';
export { listNetworks } from './network/list-networks.js';
export { probeHost } from './probe/probe-host.js';
export { pruneContainers } from './prune-containers.js';
