import { ContainervError, isContainervError } from 'containerv-api';
import type { EndpointSettings } from '../endpoint-settings.js';
import {
  type FieldOutcome,
  INSIDE_FIELDS,
  type InsideField,
  type NetworkField,
  type NetworkOutcome,
} from '../outcome.js';
import { ADMINISTRATOR, type Argv, type InsideTask } from './inside-command.js';
import { connectedInterface, listInterfaces, netshCommands } from './netsh.js';
import { powershellCommand } from './powershell.js';
import { shellCommands } from './shell.js';

/**
 * Runs a command in the container and waits for it. A command that cannot be started rejects with
 * `ERR_CONTAINERV_SPAWN`; whatever else it rejects with ends the configuration.
 */
export type RunInside = (
  argv: Argv,
  user: string,
) => Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }>;

export interface InsideRequest {
  readonly guest: 'windows' | 'linux';
  readonly settings: EndpointSettings;
  /** What the endpoint has of it; see `endpointOutcome`. */
  readonly outcome: NetworkOutcome;
  /** MAC address of the adapter, as HNS tells it. */
  readonly mac: string | undefined;
  /** Fields that may stay `'not applied'`. @defaultValue none */
  readonly optional?: readonly NetworkField[] | undefined;
  readonly run: RunInside;
}

/**
 * Configures in the container what HNS has not applied, each field on its own.
 * @returns the outcome after it.
 * @throws ContainervError `ERR_CONTAINERV_HNS` when a field could not be applied either way and is not optional.
 */
export async function configureInside(request: InsideRequest): Promise<NetworkOutcome> {
  const outcome: Partial<Record<NetworkField, FieldOutcome>> = { ...request.outcome };
  for (const field of INSIDE_FIELDS) {
    if (outcome[field] !== 'not applied') continue;
    const failure = await configure(field, request);
    if (failure === undefined) outcome[field] = 'in-container';
    else if (request.optional?.includes(field) !== true) throw notApplied(field, failure);
  }
  return outcome;
}

/** @returns why it did not work; `undefined`: it did. */
async function configure(field: InsideField, request: InsideRequest): Promise<string | undefined> {
  const task: InsideTask = { field, settings: request.settings, mac: request.mac };
  const user = ADMINISTRATOR[request.guest];
  if (request.guest === 'linux') return runAll(shellCommands(task), request.run, user);
  const failure = await runAll([powershellCommand(task)], request.run, user);
  if (failure === undefined) return undefined;
  const listed = await runOne(listInterfaces, request.run, user);
  if (listed.failure !== undefined) return `${failure}; ${listed.failure}`;
  const index = connectedInterface(listed.stdout);
  if (index === undefined) return `${failure}; netsh.exe: not exactly one interface is connected`;
  const second = await runAll(netshCommands(task, index), request.run, user);
  return second === undefined ? undefined : `${failure}; ${second}`;
}

async function runAll(commands: readonly Argv[], run: RunInside, user: string): Promise<string | undefined> {
  for (const argv of commands) {
    const { failure } = await runOne(argv, run, user);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

async function runOne(
  argv: Argv,
  run: RunInside,
  user: string,
): Promise<{ readonly failure: string | undefined; readonly stdout: string }> {
  try {
    const { exitCode, stdout, stderr } = await run(argv, user);
    if (exitCode === 0) return { failure: undefined, stdout };
    const said = stderr.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
    return { failure: `${argv[0]} ended with ${exitCode}${said === '' ? '' : `: ${said}`}`, stdout };
  } catch (error) {
    if (!isContainervError(error) || error.code !== 'ERR_CONTAINERV_SPAWN') throw error;
    return { failure: `${argv[0]} cannot be started`, stdout: '' };
  }
}

export function notApplied(field: NetworkField, why: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_HNS', `The network's ${field} could not be applied: ${why}`, {
    step: 'configure network',
    hint: 'Choose another network with `network.switchName`, or leave the field to HNS.',
  });
}
