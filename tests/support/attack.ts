import type { Container, ContainerProcess } from 'containerv-linux';
import { createPolicy, type Policy } from 'containerv-linux';
import { expect } from 'vitest';
import { textOf, untilSaid } from './collect.js';

/** A container's root that may change its mounts: what nobody should allow, to see what holds even then. */
export const mounter: Policy = createPolicy('build')
  .addSyscalls(['mount', 'umount2'])
  .setCapabilities([...createPolicy('build').capabilities, 'CAP_SYS_ADMIN']);

/** One that may trace whatever the kernel lets it. */
export const tracer: Policy = createPolicy('build')
  .addSyscalls(['ptrace', 'process_vm_readv'])
  .setCapabilities([...createPolicy('build').capabilities, 'CAP_SYS_PTRACE']);

export interface Attack {
  /** How often it tried. */
  readonly rounds: number;
  /** What it got that was not the container's. */
  readonly loot: readonly unknown[];
}

/** Runs `trace` or `overwrite` of fixtures/box/attack.c in the container for as long as `body` takes. */
export async function underAttack(
  container: Container,
  command: 'trace' | 'overwrite',
  body: () => Promise<void>,
): Promise<Attack> {
  const attacker: ContainerProcess = await container.spawn(command, [], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await untilSaid(attacker, 'attacking\n');
  const said = textOf(attacker.stdout);
  try {
    await body();
  } finally {
    await attacker.kill('SIGTERM');
  }
  const told = JSON.parse(await said) as unknown[];
  expect(await attacker.wait()).toMatchObject({ exitCode: 0 });
  return { rounds: Number(told.at(-1)), loot: told.slice(0, -1) };
}
