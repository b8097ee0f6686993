import { readdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Container, listNetworks, type NetworkInfo } from 'containerv-linux';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textOf } from '../support/collect.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { initPid } from '../support/host.js';
import { addressOf, ask, hostCommand, networked, serve } from '../support/network.js';
import { describeNetwork } from '../support/privilege.js';
import { pruneAll } from '../support/remains.js';
import { startProgram } from '../support/program.js';
import { sharedRoot } from '../support/root.js';
import { idFor, program, reaper } from '../support/suite.js';
import { interfaceOf, Outside, portOf, udpFrame } from '../support/outside.js';

/** Names that no other run on this machine has; an interface's name has 15 bytes at most. */
const bridge = (letter: string): string => `cvt${letter}${reaper}`.slice(0, 15);

describeNetwork('a private network', () => {
  test('is an interface with addresses of both families, a route and the uplink’s MTU', async () => {
    await using container = await networked();
    expect(container.enforced.network).toBe('private');
    expect(await addressOf(container)).toMatch(/^10\.\d+\.\d+\.\d+$/);
    const { stdout } = await container.run('show', [
      '/proc/net/dev',
      '/proc/net/route',
      '/proc/net/if_inet6',
    ]);
    const names = [...stdout.matchAll(/^ *(\w+):/gm)].map(([, name]) => name);
    expect(names).toEqual(['lo', 'eth0']);
    expect(stdout).toMatch(/^eth0\t00000000\t/m);
    // Global scope, permanent, without duplicate address detection; and no address of the kernel's own making.
    expect([...stdout.matchAll(/^f[de]\w+ .* eth0$/gm)]).toHaveLength(1);
  });

  test('reaches nothing of the host, of other containers, and has nobody reaching it', async () => {
    await using one = await networked();
    await using two = await networked();
    await serve(one, 'tcp', 80, 'one');
    await serve(one, 'udp', 80, 'one');
    const [address, address6] = [await addressOf(one), await addressOf(one, 6)];
    await using listener = await Outside.onHost();
    const gateway =
      hostCommand('ip', '-4', '-o', 'address', 'show', 'containerv0').match(/inet ([\d.]+)/)?.[1] ?? '';
    const answers = await ask(
      two,
      ['tcp', address, 80],
      ['udp', address, 80],
      ['tcp', address6, 80],
      ['tcp', gateway, listener.port],
      ['udp', gateway, listener.port],
    );
    expect(answers).not.toContain('one');
    for (const answer of answers) expect(answer).toMatch(/^E/);
    expect(answers.slice(3)).toEqual(['ECONNREFUSED', expect.stringMatching(/^E/)]);
    expect(listener.connections).toBe(0);
    // The host itself reaches it, so there was something to be kept from.
    expect(await connectTo(address, 80)).toContain('one');
  });
});

describeNetwork('containers on one bridge', () => {
  test('reach each other over both families and by name, those on another bridge reach neither', async () => {
    await using web = await networked({ bridge: bridge('a') }, { id: idFor('web'), hostname: 'web' });
    await using client = await networked({ bridge: bridge('a') }, { id: idFor('client') });
    await using stranger = await networked({ bridge: bridge('b') }, { id: idFor('stranger') });
    await serve(web, 'tcp', 80, 'web');
    await serve(web, 'udp', 80, 'web');
    await serve(web, 'tcp', 81, 'web6', '::');
    const questions = [
      ['tcp', await addressOf(web), 80],
      ['udp', await addressOf(web), 80],
      ['tcp', await addressOf(web, 6), 81],
    ] as const;
    const from = [await addressOf(client), await addressOf(client, 6)];
    expect(await ask(client, ...questions)).toEqual([`web ${from[0]}`, `web ${from[0]}`, `web6 ${from[1]}`]);
    for (const answer of await ask(stranger, ...questions)) expect(answer).toMatch(/^E/);
    expect(await hostsOf(client)).toContain(`${await addressOf(web)}\tweb ${idFor('web')}\n`);
    expect(await hostsOf(stranger)).not.toContain('web');
  });

  test('learn of those that come and forget those that go, while they run', async () => {
    await using first = await networked({ bridge: bridge('c') }, { id: idFor('first') });
    expect(await hostsOf(first)).not.toContain('second');
    const second = await networked({ bridge: bridge('c') }, { id: idFor('second') });
    expect(await hostsOf(first)).toContain(idFor('second'));
    expect(await hostsOf(second)).toContain(idFor('first'));
    await second.destroy();
    expect(await hostsOf(first)).not.toContain('second');
    expect(await hostsOf(first)).toContain(idFor('first'));
  });

  test('are listed while they are on it', async () => {
    const name = bridge('n');
    const named = async (): Promise<NetworkInfo | undefined> =>
      (await listNetworks()).find((network) => network.name === name);
    expect(await named()).toBeUndefined();
    const container = await networked({ bridge: name });
    const address = await addressOf(container);
    expect(await named()).toEqual({
      name,
      subnet: address.replace(/\d+$/, '0/24'),
      hostIp: address.replace(/\d+$/, '1'),
      shared: true,
      containers: [{ id: container.id, address }],
    });
    await container.destroy();
    expect(await named()).toBeUndefined();
  });

  test('cannot change what the others are told', async () => {
    await using container = await networked({ bridge: bridge('d') });
    const { stdout } = await container.run('attempt', [
      'open-write',
      '/etc/hosts',
      '',
      'unlink',
      '/etc/hosts',
      '',
    ]);
    const EROFS = 30;
    const EBUSY = 16;
    expect(JSON.parse(stdout)).toEqual([EROFS, EBUSY]);
  });

  test('cannot pretend to be another, or the host', async () => {
    await using victim = await networked({ bridge: bridge('e') });
    await using attacker = await networked({ bridge: bridge('e') });
    const server = await victim.spawn('serve', ['udp', '0.0.0.0', '9', 'x']);
    const heard = textOf(server.stdout);
    const own = await interfaceOf(attacker);
    const target = await interfaceOf(victim);
    const frame = (change: Partial<Parameters<typeof udpFrame>[0]>): string =>
      udpFrame({
        fromMac: own.mac,
        toMac: target.mac,
        from: own.address,
        to: target.address,
        port: 9,
        text: 'own',
        ...change,
      });
    const gateway = own.address.replace(/\d+$/, '1');
    // Neighbours have to be known first: the answers to these frames go nowhere otherwise.
    await sendFrames(attacker, [
      frame({ from: gateway, text: 'as-host' }),
      frame({ from: '192.0.2.77', text: 'as-anybody' }),
      frame({ fromMac: target.mac, text: 'hardware' }),
      frame({ fromMac: '02:63:00:00:00:01', text: 'hardware' }),
      frame({ text: 'honest' }),
    ]);
    await eventually(async () => {
      await sendFrames(attacker, [frame({ text: 'honest' })]);
      await sleep(50);
      await server.kill('SIGKILL');
    });
    const text = await heard;
    expect(text).toContain('honest');
    expect(text).not.toMatch(/as-host|as-anybody|hardware/);
  });

  test('cannot take over an address by ARP', async () => {
    await using victim = await networked({ bridge: bridge('f') });
    await using attacker = await networked({ bridge: bridge('f') });
    const own = await interfaceOf(attacker);
    const target = await interfaceOf(victim);
    const gateway = own.address.replace(/\d+$/, '1');
    await serve(victim, 'udp', 9, 'x');
    await ask(attacker, ['udp', target.address, 9]);
    // "The gateway is at my address", to the victim, who asks the gateway next.
    await sendFrames(attacker, [arpReply(own.mac, gateway, target.mac, target.address)]);
    await ask(victim, ['udp', gateway, 9]);
    const known = (await victim.run('show', ['/proc/net/arp'])).stdout;
    expect(known).toContain(gateway);
    expect(known.split('\n').find((line) => line.startsWith(`${gateway} `))).not.toContain(own.mac);
  });
});

describeNetwork('the outside', () => {
  let outside: Outside;
  beforeAll(async () => {
    outside = await Outside.make(`o${reaper}`.slice(0, 12));
  });
  afterAll(async () => outside.remove());

  test('is reached under the host’s address', async () => {
    await using container = await networked();
    expect(await ask(container, ['tcp', outside.address, 80], ['udp', outside.address, 80])).toEqual([
      `outside ${outside.hostAddress}`,
      `outside ${outside.hostAddress}`,
    ]);
  });

  test('does not reach a container by routing through the host', async () => {
    await using container = await networked();
    await serve(container, 'tcp', 80, 'inside');
    const address = await addressOf(container);
    expect(outside.ask('tcp', address, 80)).not.toContain('inside');
    expect(await connectTo(address, 80)).toContain('inside');
  });

  test('is out of reach with `nat: false`, other containers on the bridge are not', async () => {
    await using container = await networked({ nat: false, bridge: bridge('g') });
    await using other = await networked({ bridge: bridge('g') });
    await serve(other, 'tcp', 80, 'other');
    expect(await ask(container, ['tcp', await addressOf(other), 80])).toEqual([
      `other ${await addressOf(container)}`,
    ]);
    expect(await ask(container, ['tcp', outside.address, 80])).toEqual([expect.stringMatching(/^E/)]);
    expect(await ask(other, ['tcp', outside.address, 80])).toEqual([`outside ${outside.hostAddress}`]);
  });

  test('is what `egress` says', async () => {
    const { address } = outside;
    await using container = await networked({
      egress: [{ address, ports: [80], protocol: 'tcp' }, { address: '203.0.113.0/24' }],
    });
    expect(await ask(container, ['tcp', address, 80], ['tcp', address, 81], ['udp', address, 80])).toEqual([
      `outside ${outside.hostAddress}`,
      'ECONNREFUSED',
      'EPERM',
    ]);
    await serve(container, 'tcp', 80, 'own');
    expect(await ask(container, ['tcp', '127.0.0.1', 80])).toEqual(['own 127.0.0.1']);
  });

  test('is nothing with an empty `egress`, and what was published still answers', async () => {
    const host = await freePort();
    await using container = await networked({ egress: [], ports: [{ host, container: 80 }] });
    await serve(container, 'tcp', 80, 'published');
    expect(await ask(container, ['tcp', outside.address, 80])).toEqual(['ECONNREFUSED']);
    expect(outside.ask('tcp', outside.hostAddress, host)).toContain('published');
  });

  test('`egress` by name means what the name meant, inside too', async () => {
    await using container = await networked({
      egress: [{ address: 'localhost', ports: [80] }, '127.0.0.0/8', '::1'],
    });
    expect(await hostsOf(container)).toMatch(/^127\.0\.0\.1\tlocalhost$/m);
    await failure(networked({ egress: ['localhost'] }), {
      code: 'ERR_CONTAINERV_NETWORK',
      step: 'resolve host names',
      message: /no public address/,
    });
    await failure(networked({ egress: ['no-such-name.invalid'] }), {
      code: 'ERR_CONTAINERV_NETWORK',
      step: 'resolve host names',
    });
  });

  test('reaches published ports, over TCP and UDP, as do the host and localhost', async () => {
    const [tcp, udp] = [await freePort(), await freePort()];
    await using container = await networked({
      ports: [
        { host: tcp, container: 80 },
        { host: udp, container: 53, protocol: 'udp' },
      ],
    });
    await serve(container, 'tcp', 80, 'tcp');
    await serve(container, 'udp', 53, 'udp');
    expect(outside.ask('tcp', outside.hostAddress, tcp)).toBe(`tcp ${outside.address}`);
    expect(outside.ask('udp', outside.hostAddress, udp)).toBe(`udp ${outside.address}`);
    expect(await connectTo('127.0.0.1', tcp)).toMatch(/^tcp 10\./);
    expect(await sendTo('127.0.0.1', udp)).toMatch(/^udp 10\./);
    expect(await connectTo(outside.hostAddress, tcp)).toMatch(/^tcp /);
  });

  test('reaches a port published on another of the host’s addresses not at all', async () => {
    const host = await freePort();
    await using container = await networked({ ports: [{ host, container: 80, hostIp: '127.0.0.1' }] });
    await serve(container, 'tcp', 80, 'local');
    expect(await connectTo('127.0.0.1', host)).toMatch(/^local /);
    expect(outside.ask('tcp', outside.hostAddress, host)).not.toContain('local');
  });

  test('a published port leads nobody elsewhere: the same port of another machine stays its own', async () => {
    await using container = await networked({ ports: [{ host: 8081, container: 80 }] });
    await using client = await networked();
    await serve(container, 'tcp', 80, 'wrong');
    expect(await ask(client, ['tcp', outside.address, 8081])).toEqual([`outside ${outside.hostAddress}`]);
  });

  test('a published port is free again when the container has ended, also by itself', async () => {
    const host = await freePort();
    const ports = [{ host, container: 80 }];
    await using container = await networked({ ports });
    await failure(networked({ ports }), {
      code: 'ERR_CONTAINERV_NETWORK',
      step: 'publish port',
      errno: 'EADDRINUSE',
      message: new RegExp(String(host)),
    });
    await container.stop({ timeout: 0 });
    await using next = await networked({ ports });
    await serve(next, 'tcp', 80, 'next');
    expect(await connectTo('127.0.0.1', host)).toMatch(/^next/);
    await failure(container.start(), { code: 'ERR_CONTAINERV_NETWORK', step: 'publish port' });
    await next.destroy();
    await container.start();
    await serve(container, 'tcp', 80, 'again');
    expect(await connectTo('127.0.0.1', host)).toMatch(/^again/);
  });
});

describeNetwork('addresses', () => {
  test('are as given', async () => {
    await using container = await networked({
      containerIp: '10.250.7.9',
      netmask: '255.255.255.240',
      hostIp: '10.250.7.14',
      dns: ['192.0.2.53', '2001:db8::53'],
    });
    expect(await addressOf(container)).toBe('10.250.7.9');
    const { stdout } = await container.run('show', ['/etc/resolv.conf', '/proc/net/route']);
    expect(stdout).toContain('nameserver 192.0.2.53\nnameserver 2001:db8::53\n');
    // The gateway is the host, and the mask 28 bits, in the kernel's byte order.
    expect(stdout).toMatch(/^eth0\t00000000\t0E07FA0A\t/m);
    expect(stdout).toMatch(/^eth0\t0007FA0A\t00000000\t.*\tF0FFFFFF\t/m);
    await failure(networked({ containerIp: '10.250.7.9', netmask: 28, hostIp: '10.250.7.14' }), {
      code: 'ERR_CONTAINERV_NETWORK',
      step: 'choose address',
    });
  });

  test('run out with an error, and come back', async () => {
    const network = { hostIp: '10.250.8.1', netmask: 30, bridge: bridge('h') };
    const only = await networked(network);
    await failure(networked(network), { code: 'ERR_CONTAINERV_NETWORK', message: /All 1 addresses/ });
    await only.destroy();
    await (await networked(network)).destroy();
  });

  test('of twenty containers made at once are twenty', async () => {
    const containers = await Promise.all(
      Array.from({ length: 20 }, async () => networked({ bridge: bridge('i') })),
    );
    try {
      const addresses = await Promise.all(containers.map(async (container) => addressOf(container)));
      expect(new Set(addresses).size).toBe(20);
      const [first, last] = [containers[0] as Container, containers[19] as Container];
      await serve(first, 'tcp', 80, 'first');
      expect(await ask(last, ['tcp', addresses[0] as string, 80])).toEqual([`first ${addresses[19]}`]);
      const hosts = await hostsOf(first);
      for (const { id } of containers) expect(hosts).toContain(id);
    } finally {
      await Promise.all(containers.map(async (container) => container.destroy()));
    }
  });

  test('that make no sense are refused before anything is made', async () => {
    const refused = { code: 'ERR_CONTAINERV_INVALID_OPTION' };
    await failure(networked({ hostIp: '10.250.9.1', containerIp: '10.250.10.2', netmask: 24 }), refused);
    await failure(networked({ hostIp: '10.250.9.1', gateway: '10.250.10.1', netmask: 24 }), refused);
    await failure(networked({ hostIp: '10.250.9.0', netmask: 24 }), refused);
    await failure(networked({ hostIp: '10.250.9.1', containerIp: '10.250.9.1', netmask: 24 }), refused);
    await failure(networked({ netmask: 24 }), refused);
    await failure(networked({ hostIp: '10.250.9.1', netmask: 31 }), refused);
    await failure(networked({ switchName: 'x' }), refused);
    await failure(networked({ bridge: 'containerv0' }), refused);
    await failure(networked({ hostIp: 'fd00::1' }), { code: 'ERR_CONTAINERV_UNSUPPORTED' });
    // Both could be bound, and nobody would be answered.
    for (const hostIp of ['::1', '0:0::1', '::ffff:127.0.0.1']) {
      await failure(networked({ ports: [{ host: 4711, container: 1, hostIp }] }), {
        code: 'ERR_CONTAINERV_UNSUPPORTED',
        message: /cannot be published on/,
      });
    }
    await failure(networked({ hostIp: '127.0.0.9', netmask: 24 }), {
      code: 'ERR_CONTAINERV_NETWORK',
      message: /overlaps/,
    });
    await failure(networked({ ports: [{ host: 4711, container: 1, hostIp: '192.0.2.99' }] }), {
      code: 'ERR_CONTAINERV_NETWORK',
      step: 'publish port',
      errno: 'EADDRNOTAVAIL',
    });
  });

  test('of a bridge that is somebody else’s are left alone', async () => {
    const name = bridge('j');
    hostCommand('ip', 'link', 'add', name, 'type', 'bridge');
    try {
      await failure(networked({ bridge: name }), { code: 'ERR_CONTAINERV_NETWORK', message: /did not make/ });
      expect(hostCommand('ip', '-d', 'link', 'show', name)).not.toContain('alias');
    } finally {
      hostCommand('ip', 'link', 'delete', name);
    }
  });
});

describeNetwork('what is left', () => {
  test('of a container that is destroyed: nothing', async () => {
    const container = await networked({
      bridge: bridge('k'),
      ports: [{ host: await freePort(), container: 80 }],
    });
    const port = await portOf(container);
    expect(remainsOf(port, bridge('k'))).toHaveLength(5);
    await container.destroy();
    expect(remainsOf(port, bridge('k'))).toEqual([]);
  });

  test('of a container whose creation fails: nothing', async () => {
    await failure(networked({ bridge: bridge('l') }, { rootfs: '/no/such/root' }), { code: /./ });
    await failure(networked({ bridge: bridge('l') }, { mounts: [{ source: '/no/such', target: '/x' }] }), {
      code: /./,
    });
    expect(remainsOf('none', bridge('l'))).toEqual([]);
  });

  test('of a program that was killed: nothing after a prune', async () => {
    const id = idFor('killed');
    const options = {
      id,
      network: { bridge: bridge('m'), ports: [{ host: await freePort(), container: 80 }] },
    };
    const owner = startProgram('hold', [JSON.stringify(options)], { env: { ROOTFS: sharedRoot() } });
    await owner.said('all');
    const port =
      hostCommand('ip', '-o', 'link', 'show', 'master', bridge('m')).match(/: (cv\w+)@/)?.[1] ?? '';
    expect(remainsOf(port, bridge('m'))).toHaveLength(5);
    owner.child.kill('SIGKILL');
    await owner.ended;
    await pruneAll();
    expect(remainsOf(port, bridge('m'))).toEqual([]);
  });
});

/** The interface, bridge, tables and records of a container. */
function remainsOf(port: string, bridgeName: string): string[] {
  const tables = hostCommand('nft', 'list', 'tables').split('\n');
  return [
    ...readdirSync('/sys/class/net').filter((name) => name === port || name === bridgeName),
    ...tables.filter((table) => table.endsWith(` ${port}`) || table.endsWith(`-${bridgeName}`)),
  ];
}

async function hostsOf(container: Container): Promise<string> {
  return (await container.run('show', ['/etc/hosts'])).stdout;
}

async function freePort(): Promise<number> {
  await using listener = await Outside.onHost();
  return listener.port;
}

/** What the host itself gets for an answer. */
async function connectTo(address: string, port: number): Promise<string> {
  const socket = createConnection(port, address);
  socket.setTimeout(3000, () => socket.destroy(new Error('timed out')));
  return textOf(socket).catch((error: unknown) => String(error));
}

async function sendTo(address: string, port: number): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.send('hello', port, address);
    const [message] = (await once(socket, 'message', { signal: AbortSignal.timeout(3000) })) as [Buffer];
    return message.toString();
  } finally {
    socket.close();
  }
}

async function sendFrames(container: Container, frames: readonly string[]): Promise<void> {
  hostCommand(program('frame'), `/proc/${await initPid(container)}/ns/net`, 'eth0', ...frames);
}

function arpReply(senderMac: string, sender: string, targetMac: string, target: string): string {
  const hex = (address: string): string =>
    address.includes(':')
      ? address.replaceAll(':', '')
      : address
          .split('.')
          .map((part) => Number(part).toString(16).padStart(2, '0'))
          .join('');
  return `${hex(targetMac)}${hex(senderMac)}08060001080006040002${hex(senderMac)}${hex(sender)}${hex(targetMac)}${hex(target)}`;
}
