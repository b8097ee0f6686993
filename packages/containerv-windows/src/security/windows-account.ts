import {
  conflictingOptions,
  ContainervError,
  type PolicyName,
  type ResolvedUser,
  type SecurityPolicy,
} from 'containerv-api';
import { securityLevels } from 'containerv-policy';
import { policyOf } from './policy.js';

const ADMINISTRATOR = 'ContainerAdministrator';

/**
 * The account that a process of a Windows container runs as. Container root is `ContainerAdministrator`; the policy
 * levels `restricted` and `strict` make it `ContainerUser`. Another account has to exist in the image.
 *
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` for a user id, a group, and confinement that HCS does not offer;
 * `_INVALID_OPTION` for the administrator under a level that forbids it.
 */
export function windowsAccount(user: ResolvedUser, policy: SecurityPolicy | PolicyName): string {
  const resolved = policyOf(policy);
  refuseIsolation(resolved.windowsIsolation);
  const forced = securityLevels[resolved.securityLevel].windows.user;
  if (user.user === 0) return forced ?? ADMINISTRATOR;
  if (typeof user.user === 'number' || user.group !== undefined || user.groups !== undefined) {
    throw unsupported('user and group ids in a Windows container', 'Give `user` the name of an account.');
  }
  if (forced !== undefined && user.user.toLowerCase() === ADMINISTRATOR.toLowerCase()) {
    throw conflictingOptions(
      `The security level '${resolved.securityLevel}' does not allow the user ${ADMINISTRATOR}`,
    );
  }
  return user.user;
}

/** HCS takes an account and nothing else: no AppContainer, integrity level or capability for a process. */
function refuseIsolation(isolation: ReturnType<typeof policyOf>['windowsIsolation']): void {
  if (isolation?.appContainer === true) {
    throw unsupported('AppContainers in a Windows container', ISOLATION_HINT);
  }
  if (isolation?.integrityLevel !== undefined) {
    throw unsupported('integrity levels in a Windows container', ISOLATION_HINT);
  }
}

const ISOLATION_HINT =
  "Leave `setWindowsIsolation` out; `setSecurityLevel('restricted')` runs processes as ContainerUser.";

function unsupported(what: string, hint: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `The Host Compute Service has no ${what}`, {
    step: 'check options',
    hint,
  });
}
