import type { PolicyName, SecurityPolicy } from 'containerv-api';
import { createPolicy, Policy } from 'containerv-policy';
import type { JsonObject } from '../documents/json.js';

type Arch = 'x64' | 'arm64';

/** A policy by name, or one that another copy of containerv-policy made, as one of ours. */
export function policyOf(policy: SecurityPolicy | PolicyName): Policy {
  if (typeof policy === 'string') return createPolicy(policy);
  return policy instanceof Policy ? policy : Policy.fromJSON(policy.toJSON());
}

// Policies are immutable: a profile is made once, however many containers it confines.
const profiles = new WeakMap<Policy, Map<Arch, JsonObject>>();

/** The system call filter as `linux.seccomp` of the OCI specification. */
export function seccompProfile(policy: SecurityPolicy | PolicyName, arch: Arch): JsonObject {
  const resolved = policyOf(policy);
  const known = profiles.get(resolved) ?? new Map<Arch, JsonObject>();
  profiles.set(resolved, known);
  const profile =
    known.get(arch) ??
    // As text and back: a plain object without members that are undefined.
    (JSON.parse(JSON.stringify(resolved.toOciSeccomp({ arch }))) as JsonObject);
  known.set(arch, profile);
  return profile;
}
