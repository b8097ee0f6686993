export { type ByteSize, parseByteSize } from './byte-size.js';
export type {
  Change,
  Container,
  ContainerEvents,
  ContainerExit,
  ContainerProcess,
  ContainerState,
  KillOptions,
  ProcessEvents,
  StopOptions,
} from './container.js';
export { checkContainerId, generateContainerId } from './container-id.js';
export type { ContainerOptions } from './container-options.js';
export {
  type ContainerStats,
  type Pressure,
  type PressureShares,
  resolveWatchStatsOptions,
  type WatchStatsOptions,
} from './container-stats.js';
export { containerPath, type PathTarget } from './container-path.js';
export { type ContainerSpec, type ResolveContext, resolveContainerOptions } from './container-spec.js';
export type { ContainerDriver, ContainerInfo, PrunedContainer, NetworkInfo, PruneReport } from './driver.js';
export { type Duration, MAX_DURATION_MS, parseDuration } from './duration.js';
export type { Enforced, EnforcedIds, EnforcedNetworkField, NetworkFieldOutcome } from './enforced.js';
export { errnoText, linuxErrnoName } from './errno.js';
export { ContainervError, type ErrorCode, type ErrorDetails, isContainervError } from './errors.js';
export type { HostCheck, HostReport } from './host-report.js';
export type { Denial, LearnOptions, LearnReport, ObservedRun, ObserveOptions } from './learning.js';
export { didYouMean, nearestName } from './nearest-name.js';
export {
  checkArray,
  checkBoolean,
  checkInteger,
  checkOptions,
  checkText,
  checkWord,
  conflictingOptions,
  deepFreeze,
  invalidOption,
} from './option-check.js';
export { abortError, checkAbortSignal, throwIfAborted } from './options/abort-signal.js';
export { cleanGuestPath, isWithin } from './options/clean-path.js';
export type { Device, DeviceAccess, DeviceNode, ResolvedDevice } from './options/devices.js';
export { DEFAULT_PATH, type Environment } from './options/environment.js';
export { type IdMap, type IdMapping, MAX_ID } from './options/id-maps.js';
export type {
  IoDeviceLimit,
  IoLimits,
  ResolvedIoDeviceLimit,
  ResolvedIoLimits,
} from './options/io-limits.js';
export type { ResolvedHugetlbLimit } from './options/hugetlb-limits.js';
export {
  type LimitName,
  type Limits,
  type ResolvedLimits,
  resolveLimitChanges,
  resolveLimits,
} from './options/limits.js';
export type { Mount, ResolvedBindMount, ResolvedMount, ResolvedTmpfsMount } from './options/mounts.js';
export type { NamespaceName, Namespaces, ResolvedNamespaces } from './options/namespaces.js';
export type {
  EgressRule,
  Network,
  NetworkOptions,
  PortMapping,
  ResolvedNetwork,
  ResolvedPortMapping,
  ResolvedEgressRule,
  ResolvedPrivateNetwork,
} from './options/network.js';
export type { PolicyName, SecurityPolicy } from './options/policy.js';
export type { OciRlimit, ResolvedRlimit, RlimitName, Rlimits, RlimitValue } from './options/rlimits.js';
export type { Layer, ResolvedLayer, ResolvedRoot, Writable } from './options/root.js';
export type { Sysctls } from './options/sysctls.js';
export type { ResolvedTimeOffsets, TimeOffsets } from './options/time-offsets.js';
export { type ResolvedUser, ROOT_USER, type User, type UserIds } from './options/user.js';
export {
  type LcowOptions,
  type VolumeMount,
  type WindowsOptions,
  windowsOptionsFromEnv,
} from './options/windows.js';
export type { ProcessInfo } from './process-info.js';
export type { ContainerPool, PoolEvents, PoolOptions, TakeOptions } from './pool/container-pool.js';
export { makePool } from './pool/pool.js';
export type { ExitCause, ExitStatus, ResourceUsage } from './process/exit-status.js';
export {
  checkTerminalSize,
  KILL_GRACE_MS,
  type ProcessDefaults,
  type ProcessSpec,
  resolveSpawnOptions,
} from './process/process-spec.js';
export { RunError, runError } from './process/run-error.js';
export type { RunOptions, RunOutput, RunResult } from './process/run-options.js';
export type { LogOptions } from './process/log-options.js';
export { resolveLogOptions } from './process/log-size.js';
export { resolveRunOptions, type RunSpec } from './process/run-spec.js';
export type { SpawnOptions, TerminalSize } from './process/spawn-options.js';
export { type ResolvedStdioEntry, resolveStdio, type Stdio, type StdioEntry } from './process/stdio.js';
export { type Signal, signalName, signalNumber } from './signals.js';
export type {
  Download,
  Transfer,
  TransferFailure,
  TransferOptions,
  TransferProgress,
  TransferReport,
  Upload,
} from './transfer/transfer.js';
export { TransferError } from './transfer/transfer-error.js';
export {
  type ContentTransfer,
  type DownloadSpec,
  resolveDownload,
  resolveUpload,
  type TransferSpec,
  type TreeTransfer,
  type UploadSpec,
} from './transfer/transfer-spec.js';
export { UndoStack } from './undo-stack.js';
export { watchStats } from './watch-stats.js';
