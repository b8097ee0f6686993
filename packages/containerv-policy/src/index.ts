export type { Arch } from './arch.js';
export type { BasePolicyName } from './base/base-policies.js';
export { type CapabilityName, capabilityNames } from './capabilities.js';
export { type DangerousGroup, dangerousSyscalls } from './dangerous-syscalls.js';
export { FsAccess } from './files/access.js';
export type { PathRule } from './files/path-rule.js';
export type { ConditionJson, PathJson, PolicyJson, RuleJson } from './json/policy-json.js';
export { listDenials } from './learn/denials.js';
export { type LearnedPolicy, type LearnedPolicyOptions, learnedPolicy } from './learn/learned-policy.js';
export type { Observations, ObservedCall, ObservedFile } from './learn/observations.js';
export {
  type CallPlan,
  type FilePlan,
  type ObservationPlan,
  planObservation,
} from './learn/observation-plan.js';
export { type LevelEffects, type SecurityLevel, securityLevels } from './levels.js';
export type {
  NetworkFamily,
  NetworkOperation,
  NetworkProtocol,
  NetworkRule,
  PortRange,
} from './network/network-rule.js';
export { type BrokerFilterOptions, compileBrokerFilter } from './network/broker-filter.js';
export { compileSocketFilter, type SocketUse } from './network/socket-filter.js';
export { compileUnixRefusal } from './network/unix-refusal.js';
export { type AddressRange, formatCidr, type IpFamily, parseCidr } from './network/cidr.js';
export type { OciImportOptions } from './oci/import-profile.js';
export type { OciArchMap, OciArg, OciConditions, OciSeccomp, OciSyscall } from './oci/oci-seccomp.js';
export { createPolicy, Policy } from './policy.js';
export type { SyscallAction } from './seccomp/answer.js';
export type { SyscallCall, Verdict } from './seccomp/check-call.js';
export { disassembleFilter } from './seccomp/disassemble.js';
export { seccompLogRequested } from './seccomp/log-request.js';
export type { ArgCondition, Comparison, SyscallRule } from './seccomp/rule.js';
export { tableKernel } from './syscalls/elsewhere.js';
export { syscallName, syscallNumber } from './syscalls/table.js';
export type { IntegrityLevel, WindowsIsolation } from './windows-isolation.js';
