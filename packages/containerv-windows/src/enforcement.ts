import {
  ContainervError,
  type ContainerSpec,
  type Enforced,
  isContainervError,
  type LimitName,
  resolveRunOptions,
} from 'containerv-api';
import type { NetworkOutcome } from 'containerv-hns';
import { buildProcessParameters } from './documents/build-process-parameters.js';
import type { Guest } from './documents/guest.js';
import type { HcsSystem } from './hcs/hcs-api.js';
import { runProcess } from './process/run.js';
import { policyOf } from './security/policy.js';

const READ_TIMEOUT_MS = 30_000;
const SECCOMP_MODE_FILTER = '2';

/**
 * What is in force. The service refuses a document of which it does not know a field, so what an accepted one holds is;
 * in a Linux container a process says for itself how it is confined.
 *
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when that process has less than was asked for.
 */
export async function enforcedOf(
  system: HcsSystem,
  spec: ContainerSpec,
  guest: Guest,
  networkFields: NetworkOutcome,
  countsProcesses: boolean,
): Promise<{ readonly enforced: Enforced; readonly warnings: readonly ContainervError[] }> {
  const common = {
    landlock: false,
    bpfLsm: false,
    socketBroker: false,
    userNamespace: false,
    cgroup: false,
    limits: enforcedLimits(spec, countsProcesses),
    deviceFilter: false,
    network: spec.network.mode,
    ...(Object.keys(networkFields).length === 0 ? {} : { networkFields }),
    isolation: guest.isolation,
  } as const;
  const nothing = { seccomp: false, noNewPrivileges: false, capabilities: [], namespaces: [] };
  if (guest.os === 'windows') return { enforced: { ...common, ...nothing }, warnings: [] };
  const status = await readStatus(system, spec);
  if (status === undefined) return { enforced: { ...common, ...nothing }, warnings: [unread(spec.id)] };
  verify(status);
  const capabilities = [...policyOf(spec.policy).capabilities];
  return {
    enforced: {
      ...common,
      seccomp: true,
      noNewPrivileges: true,
      capabilities,
      namespaces: ['mount', 'pid', 'net', 'ipc', 'uts'],
    },
    warnings: [],
  };
}

/** For each limit that was set or defaulted, whether it is held. */
function enforcedLimits(
  { limits }: ContainerSpec,
  countsProcesses: boolean,
): Partial<Record<LimitName, boolean>> {
  const { explicit } = limits;
  const quota = limits.cpuPercent !== undefined || (limits.cpus !== undefined && limits.cpus !== 'max');
  return {
    ...(limits.memoryBytes === 'max' ? {} : { memory: true }),
    ...(limits.pids === 'max' ? {} : { pids: countsProcesses }),
    // HCS takes only one of the two.
    cpuWeight: !quota,
    ...(explicit.cpus && limits.cpus !== 'max' ? { cpus: true } : {}),
    ...(explicit.cpuPercent ? { cpuPercent: true } : {}),
    ...(explicit.io ? { io: true } : {}),
  };
}

/** /proc/self/status of a process of the container (proc_pid_status(5)); `undefined`: its image has nothing to read it. */
async function readStatus(
  system: HcsSystem,
  spec: ContainerSpec,
): Promise<ReadonlyMap<string, string> | undefined> {
  const run = resolveRunOptions(
    '/bin/cat',
    ['/proc/self/status'],
    { reject: false, timeout: READ_TIMEOUT_MS },
    { ...spec, cwd: '/' },
  );
  let text: string;
  try {
    text = String((await runProcess(system, buildProcessParameters(spec, run), run, 'linux')).stdout);
  } catch (error) {
    if (isContainervError(error) && error.code === 'ERR_CONTAINERV_SPAWN') return undefined;
    throw error;
  }
  const fields = new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()]];
    }),
  );
  return fields.has('Seccomp') ? fields : undefined;
}

function verify(status: ReadonlyMap<string, string>): void {
  const missing = [
    ...(status.get('Seccomp') === SECCOMP_MODE_FILTER ? [] : ['the system call filter']),
    ...(status.get('NoNewPrivs') === '1' ? [] : ['no_new_privs']),
  ];
  if (missing.length === 0) return;
  throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `Not in force: ${missing.join(', ')}`, {
    step: 'verify confinement',
    hint: 'The virtual machine took the request and did not do it. Use an image of it that can.',
  });
}

function unread(id: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `How container '${id}' is confined could not be read: its image has no /bin/cat`,
  );
}
