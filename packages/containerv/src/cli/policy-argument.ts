import { readFileSync, statSync } from 'node:fs';
import { ContainervError } from 'containerv-api';
import { createPolicy, Policy } from 'containerv-policy';

type BaseName = Parameters<typeof createPolicy>[0];

/** As much as a policy may be long; its parser refuses more. */
const MAX_BYTES = 1024 * 1024;

/** For the help of whatever takes a policy. */
export const POLICY_VALUE = 'NAME|FILE';

/**
 * A policy by what was typed: a base policy, several with `+` between them, or a file of JSON: a policy, or a seccomp
 * profile as OCI runtimes and Docker have it. With a slash or a dot it is a file.
 *
 * @throws ContainervError `ERR_CONTAINERV_INVALID_POLICY`, `_NOT_FOUND`
 */
export function readPolicy(text: string): Policy {
  if (isPolicyFile(text)) return readPolicyFile(text);
  const [first = '', ...others] = text.split('+');
  return others.reduce((policy, name) => policy.extend(name as BaseName), createPolicy(first as BaseName));
}

/** A name for the library to judge, where it is one; otherwise what {@link readPolicy} makes of it. */
export function policyOption(text: string | undefined): Policy | BaseName | undefined {
  if (text === undefined) return undefined;
  return isPolicyFile(text) || text.includes('+') ? readPolicy(text) : (text as BaseName);
}

export function readPolicyFile(path: string): Policy {
  const text = readText(path);
  try {
    return isProfile(text) ? Policy.fromOciSeccomp(text) : Policy.fromJSON(text);
  } catch (cause) {
    if (!(cause instanceof ContainervError)) throw cause;
    throw new ContainervError(cause.code, `${path}: ${cause.summary}`, { hint: cause.hint, cause });
  }
}

function isPolicyFile(text: string): boolean {
  return text.includes('/') || text.includes('.');
}

/** Only to choose the parser, which then judges. */
function isProfile(text: string): boolean {
  try {
    return Object.hasOwn(JSON.parse(text) as object, 'defaultAction');
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    const about = statSync(path);
    // Not a device or a pipe, which may never end.
    if (!about.isFile() || about.size > MAX_BYTES) {
      throw new ContainervError('ERR_CONTAINERV_INVALID_POLICY', `${path} is no file of at most 1 MiB`);
    }
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof ContainervError) throw cause;
    const errno = (cause as NodeJS.ErrnoException).code;
    const code = errno === 'ENOENT' ? 'ERR_CONTAINERV_NOT_FOUND' : 'ERR_CONTAINERV_INVALID_OPTION';
    throw new ContainervError(code, 'Cannot read the policy', {
      path,
      errno,
      cause,
      hint: 'A policy is minimal, build, network, custom, or a file.',
    });
  }
}
