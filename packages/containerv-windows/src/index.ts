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
  type Enforced,
  type ErrorCode,
  type ExitStatus,
  type HostCheck,
  type HostReport,
  isContainervError,
  type Layer,
  parseByteSize,
  parseDuration,
  type PoolOptions,
  type ProcessInfo,
  type PruneReport,
  RunError,
  type RunOptions,
  type RunResult,
  type SpawnOptions,
  TransferError,
  type TransferOptions,
  type TransferReport,
  type VolumeMount,
  windowsOptionsFromEnv,
} from 'containerv-api';
export { createPolicy, FsAccess, Policy } from 'containerv-policy';
export { quoteCommandLine } from './command-line.js';
export { createContainer } from './create-container.js';
export { createPool } from './create-pool.js';
export { buildComputeSystem } from './documents/build-compute-system.js';
export { buildProcessParameters } from './documents/build-process-parameters.js';
export { buildHostedContainer, utilityVmSetup } from './documents/hosted-container.js';
export { buildJoinDocument, JOIN_FILE } from './documents/join-document.js';
export type { Json, JsonObject } from './documents/json.js';
export { joinContainer } from './join-container.js';
export { launcherPath } from './launcher-path.js';
export { importLayer, type ImportLayerOptions } from './layers/import-layer.js';
export { type LayerChain, type LayerChainOptions, resolveLayerChain } from './layers/layer-chain.js';
export type { LayerFileSystem } from './layers/layer-file-system.js';
export { listContainers } from './list-containers.js';
export { probeHost } from './probe-host.js';
export { pruneContainers } from './prune-containers.js';
export {
  createVolume,
  type CreateVolumeOptions,
  formatVolume,
  listVolumes,
  removeVolume,
  type Volume,
} from './volumes/volumes.js';
export type { AttachedVolume, ContainerStorage, LayerReference, WindowsHost } from './windows-host.js';
