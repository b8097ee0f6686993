import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Container } from 'containerv-linux';
import { addressOf, hostCommand, type Protocol } from './network.js';
import { program } from './suite.js';

const SERVED = [
  ['tcp', 80],
  ['udp', 80],
  ['tcp', 81],
  ['tcp', 8081],
] as const;

/** A network namespace that plays the rest of the world: another machine on the host's uplink. */
export class Outside {
  readonly name: string;
  /** Documentation addresses (RFC 5737), so that nobody is really reached. */
  readonly address = '198.51.100.2';
  readonly hostAddress = '198.51.100.1';
  readonly #servers: (() => void)[] = [];

  readonly #namespace: string;

  private constructor(name: string, holder: ChildProcess) {
    this.name = name;
    this.#namespace = `--net=/proc/${holder.pid}/ns/net`;
    this.#servers.push(() => holder.kill('SIGKILL'));
  }

  static async make(name: string): Promise<Outside> {
    const holder = spawn('unshare', ['--net', program('box'), 'sleep'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const outside = new Outside(name, holder);
    const inside = (...args: string[]): string => hostCommand('nsenter', outside.#namespace, 'ip', ...args);
    hostCommand(
      'ip',
      'link',
      'add',
      name,
      'type',
      'veth',
      'peer',
      'name',
      'uplink',
      'netns',
      String(holder.pid),
    );
    hostCommand('ip', 'address', 'add', `${outside.hostAddress}/24`, 'dev', name);
    hostCommand('ip', 'link', 'set', name, 'up');
    inside('address', 'add', `${outside.address}/24`, 'dev', 'uplink');
    inside('link', 'set', 'uplink', 'up');
    inside('link', 'set', 'lo', 'up');
    inside('route', 'add', 'default', 'via', outside.hostAddress);
    for (const [protocol, port] of SERVED) await outside.#serve(protocol, port);
    return outside;
  }

  /** A server of the host itself, on all of its addresses. */
  static async onHost(): Promise<AsyncDisposable & { readonly port: number; readonly connections: number }> {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.end('host');
    });
    server.listen(0);
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    return {
      port,
      get connections() {
        return connections;
      },
      async [Symbol.asyncDispose]() {
        server.close();
        await once(server, 'close');
      },
    };
  }

  /** What somebody out there gets for an answer. */
  ask(protocol: Protocol, address: string, port: number): string {
    const { stdout } = spawnSync(
      'nsenter',
      [this.#namespace, program('box'), 'ask', protocol, address, String(port)],
      { encoding: 'utf8' },
    );
    const [answer] = JSON.parse(stdout) as { errno: number; reply: string }[];
    return answer?.reply ?? '';
  }

  async remove(): Promise<void> {
    hostCommand('ip', 'link', 'delete', this.name);
    for (const stop of this.#servers) stop();
  }

  async #serve(protocol: Protocol, port: number): Promise<void> {
    const args = [this.#namespace, program('box'), 'serve', protocol, '0.0.0.0', String(port), 'outside'];
    const child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#servers.push(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    child.stdout.resume();
  }
}

/** The name of the host's end of a container's link. */
export async function portOf(container: Container): Promise<string> {
  const parts = (await addressOf(container))
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'));
  return `cv${parts.join('')}`;
}

export async function interfaceOf(container: Container): Promise<{ address: string; mac: string }> {
  const address = await addressOf(container);
  const { stdout } = await container.run('show', ['/sys/class/net/eth0/address']);
  return { address, mac: stdout.trim() };
}

interface Datagram {
  readonly fromMac: string;
  readonly toMac: string;
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly text: string;
}

/** An Ethernet frame with a UDP datagram, in hexadecimal (RFC 791, RFC 768; without the UDP checksum, which may be 0). */
export function udpFrame({ fromMac, toMac, from, to, port, text }: Datagram): string {
  const payload = Buffer.from(text);
  const ip = Buffer.alloc(20);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(28 + payload.length, 2);
  ip.writeUInt8(64, 8);
  ip.writeUInt8(17, 9);
  ip.set(from.split('.').map(Number), 12);
  ip.set(to.split('.').map(Number), 16);
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += ip.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  ip.writeUInt16BE(~sum & 0xffff, 10);
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(4000, 0);
  udp.writeUInt16BE(port, 2);
  udp.writeUInt16BE(8 + payload.length, 4);
  const mac = (address: string): Buffer => Buffer.from(address.replaceAll(':', ''), 'hex');
  return Buffer.concat([mac(toMac), mac(fromMac), Buffer.from('0800', 'hex'), ip, udp, payload]).toString(
    'hex',
  );
}
