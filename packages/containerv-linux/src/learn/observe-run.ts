import { readFileSync } from 'node:fs';
import {
  checkOptions,
  type Container,
  type ContainerProcess,
  ContainervError,
  type ExitStatus,
  invalidOption,
  type ObserveOptions,
  type PolicyName,
  type SecurityPolicy,
} from 'containerv-api';
import { type ObservationPlan, type Observations, planObservation } from 'containerv-policy';
import { filterArch, resolvePolicy } from '../confinement.js';
import { LinuxContainer } from '../container.js';
import { createContainer } from '../create-container.js';
import { type Native, native, type SyscallObserver } from '../native.js';
import { encodeObserverPlan } from './observer-plan.js';
import { randomPass } from './observed-spawn.js';
import { readObservations } from './read-observations.js';

/** Linux 5.6, like resolving paths in somebody else's root; letting calls continue came one version earlier. */
const SYS_OPENAT2 = 437;
const STEP = 'observe program';
const PROCESS_OPTIONS = [
  'cwd',
  'env',
  'user',
  'stdio',
  'rlimits',
  'cpuAffinity',
  'timeout',
  'signal',
  'killSignal',
];

export const OBSERVE_OPTIONS = ['container', 'process', 'onWarning', 'onStart'] as const;

export interface Observed {
  readonly status: ExitStatus;
  readonly observations: Observations;
}

/** Runs a command in a container of its own, under a policy, with everything or only denials written down. */
export async function observeRun(
  policy: SecurityPolicy | PolicyName,
  observe: 'all' | 'denials',
  command: string,
  args: readonly string[],
  options: ObserveOptions,
): Promise<Observed> {
  checkObserveOptions(options);
  const addon = native();
  requireUserNotification(addon);
  const pass = randomPass();
  const plan = planObservation(resolvePolicy(policy), observe, { arch: filterArch(), pass });
  const container = await createContainer({ ...options.container, policy });
  if (options.onWarning !== undefined) {
    const { onWarning } = options;
    container.on('warning', ({ summary }) => onWarning(summary));
  }
  if (container.enforced.socketBroker) {
    await container.destroy();
    throw judgedAlready();
  }
  const observer = new Observer(addon, plan);
  let status: ExitStatus;
  try {
    const child = await spawn(container, command, args, options.process, {
      filter: plan.filter,
      pass,
      socket: observer.socket,
    });
    options.onStart?.((signal) => void child.kill(signal).catch(() => {}));
    status = await child.wait();
  } finally {
    // In this order: what still runs must neither outlive its observer nor keep it.
    await container.destroy();
    await observer.end();
  }
  return { status, observations: await observer.result() };
}

async function spawn(
  container: Container,
  command: string,
  args: readonly string[],
  options: ObserveOptions['process'],
  observed: Parameters<LinuxContainer['spawnObserved']>[3],
): Promise<ContainerProcess> {
  if (!(container instanceof LinuxContainer)) throw new TypeError('not a container of this driver');
  return container.spawnObserved(command, args, { stdio: 'inherit', ...options }, observed);
}

/** A filter hands its calls to one only (seccomp(2)), and in such a container that is its process 1. */
function judgedAlready(): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    'A program whose calls of sockets are judged one by one cannot be observed besides',
    {
      step: STEP,
      hint: "The policy's network rules name single local sockets, or what only init can judge on the host's network. Observe without them (`addNetworkRules`), and add them to the result.",
    },
  );
}

/** The addon's observer, and the socket it is reached by. */
class Observer {
  /** For the process, which closes it. */
  readonly socket: number;
  readonly #plan: ObservationPlan;
  readonly #observer: SyscallObserver;
  #ended: ReturnType<SyscallObserver['stop']> | undefined;

  constructor(addon: Native, plan: ObservationPlan) {
    const [ours, theirs] = addon.createSocketPair();
    this.#plan = plan;
    this.socket = theirs;
    this.#observer = new addon.SyscallObserver(ours, encodeObserverPlan(plan));
  }

  async end(): Promise<void> {
    await (this.#ended ??= this.#observer.stop());
  }

  async result(): Promise<Observations> {
    const raw = await (this.#ended ??= this.#observer.stop());
    if (raw.began && raw.failure === '') return readObservations(raw, this.#plan);
    throw new ContainervError(
      'ERR_CONTAINERV_SYSTEM',
      `The program was not observed to its end${raw.failure === '' ? '' : `: ${raw.failure}`}`,
      { step: STEP, hint: 'What it did after that failed with ENOSYS. Nothing was written.' },
    );
  }
}

/** What would change whom or what is observed is refused, not overridden. */
function checkObserveOptions({ container = {}, process = {} }: ObserveOptions): void {
  for (const name of ['policy', 'detached', 'signal'].filter((key) => key in container))
    throw invalidOption(`container.${name}`, 'left out', (container as Record<string, unknown>)[name]);
  checkOptions(process, 'process', PROCESS_OPTIONS);
  const { stdio } = process;
  if (stdio === 'pipe' || (Array.isArray(stdio) && stdio.includes('pipe'))) {
    throw invalidOption('process.stdio', "without 'pipe', as nobody could read it: pass a stream", stdio);
  }
}

/** @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` */
function requireUserNotification(addon: Native): void {
  const available = readActions().includes('user_notif');
  if (available && addon.hasSystemCall(SYS_OPENAT2)) return;
  throw new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    'This kernel cannot hand system calls to an observer',
    {
      step: STEP,
      hint: 'It takes Linux 5.6 with CONFIG_SECCOMP_FILTER. CONTAINERV_SECCOMP_LOG=1 writes denials to the kernel log instead.',
    },
  );
}

function readActions(): string[] {
  try {
    return readFileSync('/proc/sys/kernel/seccomp/actions_avail', 'utf8').trim().split(' ');
  } catch {
    return [];
  }
}
