import {
  ContainervError,
  type PolicyName,
  type ProcessSpec,
  type ResolvedUser,
  type SecurityPolicy,
} from 'containerv-api';
import { compact, type JsonObject } from '../documents/json.js';
import { policyOf } from '../security/policy.js';

/** What an OCI process is made of; `ProcessSpec` has all of it. */
export type OciProcessInput = Pick<ProcessSpec, 'argv' | 'cwd' | 'env' | 'user' | 'tty' | 'rlimits'>;

/** RLIM_INFINITY is 2^64 - 1, which JSON of JavaScript cannot hold; the agent reads the largest signed number alike. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** `process` of the OCI runtime specification (config.md, "Process"), confined by the policy. */
export function ociProcess(
  process: OciProcessInput,
  policy: SecurityPolicy | PolicyName,
  oomScoreAdj: number | undefined,
): JsonObject {
  const capabilities = [...policyOf(policy).capabilities];
  return compact({
    terminal: process.tty !== undefined,
    consoleSize:
      process.tty === undefined ? undefined : { height: process.tty.rows, width: process.tty.columns },
    user: ociUser(process.user),
    args: process.argv,
    env: Object.entries(process.env).map(([name, value]) => `${name}=${value}`),
    cwd: process.cwd,
    // None inheritable or ambient: a program without file capabilities gives up nothing by exec.
    capabilities: {
      bounding: capabilities,
      effective: capabilities,
      permitted: capabilities,
      inheritable: [],
      ambient: [],
    },
    noNewPrivileges: true,
    rlimits: process.rlimits.map(({ name, soft, hard }) => ({
      type: `RLIMIT_${name.toUpperCase()}`,
      soft: soft === 'unlimited' ? UNLIMITED : soft,
      hard: hard === 'unlimited' ? UNLIMITED : hard,
    })),
    oomScoreAdj,
  });
}

/** By ids only: the host cannot look names up in a root that the virtual machine holds. */
function ociUser(user: ResolvedUser): JsonObject {
  if (typeof user.user === 'string' || typeof user.group === 'string' || user.group === undefined) {
    throw new ContainervError(
      'ERR_CONTAINERV_UNSUPPORTED',
      'Users and groups of a Linux container on Windows are told by their ids',
      { step: 'check options', hint: "Give `user` as '1000:1000' or { uid, gid }." },
    );
  }
  return compact({
    uid: user.user,
    gid: user.group,
    additionalGids: user.groups === undefined || user.groups.length === 0 ? undefined : [...user.groups],
  });
}
