import { spawnSync } from 'node:child_process';
import type { Container, ContainerOptions, ContainerProcess } from 'containerv-linux';
import { createPolicy } from 'containerv-linux';
import { linuxErrnoName } from 'containerv-api';
import { untilSaid } from './collect.js';
import { json, small } from './container.js';

export const networkPolicy = createPolicy('build').extend('network');

/** A container on the fixtures' root that may use sockets. */
export async function networked(
  network: ContainerOptions['network'] = {},
  options: ContainerOptions = {},
): Promise<Container> {
  return small({ policy: networkPolicy, network, ...options });
}

export type Protocol = 'tcp' | 'udp';

/** Starts something that answers with `text` and the address that it was asked from. */
export async function serve(
  container: Container,
  protocol: Protocol,
  port: number,
  text: string,
  address = '0.0.0.0',
): Promise<ContainerProcess> {
  const process = await container.spawn('serve', [protocol, address, String(port), text]);
  await untilSaid(process, 'ready');
  return process;
}

/** What a container gets for an answer: the text, or the name of the error. */
export async function ask(
  container: Container,
  ...questions: readonly (readonly [Protocol, address: string, port: number])[]
): Promise<string[]> {
  const args = questions.flatMap(([protocol, address, port]) => [protocol, address, String(port)]);
  const answers = await json<{ errno: number; reply: string }[]>(container, 'ask', args);
  return answers.map(({ errno, reply }) => (errno === 0 ? reply : linuxErrnoName(errno)));
}

/** The address of the container's interface. */
export async function addressOf(container: Container, family: 4 | 6 = 4): Promise<string> {
  const { stdout } = await container.run('show', ['/etc/hosts']);
  const line = stdout
    .split('\n')
    .find((each) => each.includes(container.id) && each.includes(':') === (family === 6));
  const address = line?.split('\t')[0];
  if (address === undefined) throw new Error(`no address in ${stdout}`);
  return address;
}

export function hostCommand(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr || String(error)}`);
  return stdout;
}
