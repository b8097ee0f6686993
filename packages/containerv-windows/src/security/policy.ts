import type { PolicyName, SecurityPolicy } from 'containerv-api';
import { createPolicy, Policy } from 'containerv-policy';

/** A policy by name, or one that another copy of containerv-policy made, as one of ours. */
export function policyOf(policy: SecurityPolicy | PolicyName): Policy {
  if (typeof policy === 'string') return createPolicy(policy);
  return policy instanceof Policy ? policy : Policy.fromJSON(policy.toJSON());
}
