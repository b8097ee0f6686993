import { createSocket, type Socket } from 'node:dgram';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { type Container, createPolicy } from 'containerv-linux';
import type { NetworkRule } from 'containerv-policy';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attempt, errorName, json, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { full, idFor, isRoot } from '../support/suite.js';

const SECONDS = full ? '20' : '0.7';
const users = [true, ...(isRoot ? [false] : [])];
const policyOf = (rules: readonly NetworkRule[]): ReturnType<typeof createPolicy> =>
  createPolicy('network').extend('build').addSyscalls(['socket']).addNetworkRules(rules);

let server: Server;
let other: Server;
let datagrams: Socket;
let open = 0;
let forbidden = 0;
let udp = 0;
let spare = 0;
let reached = 0;
const received: string[] = [];

beforeAll(async () => {
  server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  other = createServer((socket) => {
    reached++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  datagrams = createSocket('udp4', (message) => received.push(message.toString())).bind(0, '127.0.0.1');
  const unused = createServer().listen(0, '127.0.0.1');
  await Promise.all([server, other, datagrams, unused].map(async (each) => once(each, 'listening')));
  [open, forbidden, spare] = [server, other, unused].map((each) => (each.address() as AddressInfo).port) as [
    number,
    number,
    number,
  ];
  udp = datagrams.address().port;
  unused.close();
});
afterAll(() => {
  server.close();
  other.close();
  datagrams.close();
});

describe.for(users)('on the host’s network, what Landlock cannot judge, with user namespace %s', (user) => {
  const confined = async (rules: readonly NetworkRule[]): Promise<Container> =>
    small({ network: 'host', policy: policyOf(rules), namespaces: { user } });
  const steps = async (container: Container, ...list: readonly string[]): Promise<string[]> =>
    (await json<number[]>(container, 'steps', list)).map(errorName);

  test('addresses of TCP', async () => {
    await using container = await confined([
      { family: 'inet', protocol: 'tcp', address: '127.0.0.1', ports: [open, [9, 12]], allow: ['connect'] },
    ]);
    expect(container.enforced.socketBroker).toBe(true);
    const ask = async (address: string): Promise<string | undefined> =>
      (await steps(container, 'tcp', `connect=${address}`)).at(-1);
    expect(await ask(`127.0.0.1/${open}`)).toBe('ok');
    expect(await ask(`0.0.0.0/${open}`)).toBe('ok');
    expect(await ask('127.0.0.1/10')).toBe('ECONNREFUSED');
    for (const address of [
      `127.0.0.2/${open}`,
      `127.0.0.1/${forbidden}`,
      '127.0.0.1/8',
      '0.0.0.0/8',
      '1.2.3.4/10',
    ])
      expect([address, await ask(address)]).toEqual([address, 'EACCES']);
    expect(
      await steps(
        container,
        'tcp',
        'bind=127.0.0.1/0',
        'listen=1',
        'accept',
        'tcp6',
        'udp',
        'stream',
        'pair=2',
        'use=0',
        'route',
      ),
    ).toEqual(['ok', 'EACCES', 'EPERM', 'EPERM', 'EPERM', 'EPERM', 'EPERM', 'EPERM', 'ok', 'EPERM']);
    const unseen = [
      'tcp-fastopen',
      'tcp-fastopen-message',
      'tcp-upper',
      'mptcp-connect',
      'udp-connect',
    ] as const;
    expect(
      await attempt(
        container,
        unseen.map((each) => [each, String(open)] as const),
      ),
    ).toEqual(unseen.map(() => 'EPERM'));
  });

  test('UDP, however it is sent', async () => {
    await using container = await confined([
      { family: 'inet', protocol: 'udp', address: '127.0.0.0/30', ports: [udp], allow: ['send'] },
    ]);
    const to = `127.0.0.1/${udp}`;
    const ways = ['sendto', 'sendmsg', 'sendmmsg'];
    received.length = 0;
    const list = ['udp', ...ways.map((way) => `${way}=${to}`), `connect=${to}`, ...ways];
    expect(await steps(container, ...list)).toEqual(list.map(() => 'ok'));
    await expect.poll(() => received.length).toBe(6);
    for (const denied of [`127.0.0.4/${udp}`, '127.0.0.1/9', '8.8.8.8/53']) {
      expect(
        await steps(container, 'udp', ...ways.map((way) => `${way}=${denied}`), `connect=${denied}`),
      ).toEqual(['ok', 'EACCES', 'EACCES', 'EACCES', 'EACCES']);
    }
    expect(
      await steps(
        container,
        'udp',
        'bind=127.0.0.1/0',
        `route-message=${to}`,
        'route',
        'tcp',
        'udp6',
        'dgram',
      ),
    ).toEqual(['ok', 'EACCES', 'EPERM', 'EPERM', 'EPERM', 'EPERM', 'EPERM']);
  });

  test('listening on some ports', async () => {
    const allow = ['bind', 'listen', 'accept'] as const;
    await using container = await confined([
      { family: 'inet', protocol: 'tcp', ports: [spare], allow },
      { family: 'inet6', protocol: 'tcp', address: '::1', ports: [spare], allow },
    ]);
    const bound = ['tcp', `bind=127.0.0.1/${spare}`, 'listen=1', 'accept'];
    expect(await steps(container, ...bound)).toEqual(['ok', 'ok', 'ok', 'EAGAIN']);
    expect(
      await steps(container, 'tcp', 'listen=1', 'bind=127.0.0.1/0', `connect=127.0.0.1/${open}`),
    ).toEqual(['ok', 'EACCES', 'EACCES', 'EACCES']);
    expect(await steps(container, 'tcp6', `bind=::1/${spare}`, 'listen=1')).toEqual(['ok', 'ok', 'ok']);
    const mapped = ['tcp6', `bind=::ffff:127.0.0.1/${spare}`, 'listen=1'];
    expect(await steps(container, ...mapped)).toEqual(['ok', 'ok', 'ok']);
    expect(await steps(container, 'tcp6', `bind=::/${spare}`)).toEqual(['ok', 'EACCES']);
  });

  test('one family of addresses and not the other', async () => {
    await using container = await confined([
      {
        family: 'inet6',
        protocol: 'tcp',
        ports: [spare, open],
        allow: ['bind', 'listen', 'accept', 'connect'],
      },
      { family: 'inet6', protocol: 'udp', ports: [spare], allow: ['bind'] },
    ]);
    // A socket that takes both is bound in both.
    expect(await steps(container, 'tcp6', `bind=::/${spare}`)).toEqual(['ok', 'EACCES']);
    expect(await steps(container, 'tcp6', 'only6', `bind=::/${spare}`, 'listen=1')).toEqual([
      'ok',
      'ok',
      'ok',
      'ok',
    ]);
    expect(await steps(container, 'udp6', 'only6', `bind=::/${spare}`, `bind=::1/${spare}`)).toEqual([
      'ok',
      'ok',
      'EACCES',
      'ok',
    ]);
    expect(
      await steps(
        container,
        'tcp6',
        `connect=::ffff:127.0.0.1/${open}`,
        `connect=::1/${forbidden}`,
        'route6',
      ),
    ).toEqual(['ok', 'EACCES', 'EACCES', 'EPERM']);
  });

  test('single local sockets', async () => {
    const name = `@${idFor('local')}`;
    await using container = await confined([
      { family: 'unix', path: name },
      { family: 'unix', path: '/tmp/connect', allow: ['connect', 'bind'] },
    ]);
    const all = ['stream', `bind=${name}`, 'listen=1', 'stream', `connect=${name}`];
    expect(await steps(container, ...all)).toEqual(all.map(() => 'ok'));
    expect(
      await steps(container, 'stream', `connect=${name}-other`, 'bind=/tmp/connect', 'listen=1'),
    ).toEqual(['ok', 'EACCES', 'ok', 'EACCES']);
  });
});

test('on the host’s network nothing is reached by an address that changes while it is looked at', async () => {
  const policy = policyOf([
    { family: 'inet', protocol: 'tcp', address: '127.0.0.1', ports: [open], allow: ['connect'] },
    { family: 'unix', path: '@none', allow: ['connect'] },
  ]);
  await using container = await small({ network: 'host', policy });
  const [worked, failed] = await json<[number, number]>(container, 'flip', [
    `127.0.0.1/${open}`,
    `127.0.0.1/${forbidden}`,
    SECONDS,
  ]);
  expect(worked).toBeGreaterThan(0);
  expect(failed).toBeGreaterThan(0);
  expect(reached).toBe(0);
});

test('what cannot be judged on the host’s network is refused', async () => {
  const refused = { code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'check network rules' };
  const refuse = async (rule: NetworkRule, message: RegExp): Promise<void> => {
    await failure(small({ network: 'host', policy: policyOf([rule]) }), { ...refused, message });
  };
  await refuse({ family: 'unix', path: '/run/x' }, /`listen` for the local socket/);
  await refuse({ family: 'inet', address: '10.0.0.0/8', allow: ['listen'] }, /without `accept`/);
  const policy = policyOf([{ family: 'inet', protocol: 'udp' }]).setCapabilities(['CAP_NET_RAW']);
  await failure(small({ network: 'host', policy }), {
    code: 'ERR_CONTAINERV_UNSUPPORTED',
    message: /CAP_NET_RAW/,
  });
});
