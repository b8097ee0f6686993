import { type AddressInfo, createServer, type Server } from 'node:net';
import { type Container, createPolicy, joinContainer } from 'containerv-linux';
import { FsAccess, type NetworkRule } from 'containerv-policy';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attempt, type Operation, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { landlockAbi } from '../support/landlock.js';
import { idFor } from '../support/suite.js';

const abi = await landlockAbi();
const EVERYTHING: readonly Operation[] = [
  'tcp-connect',
  'tcp-bind',
  'tcp-listen',
  'tcp-accept',
  'tcp-fastopen',
  'tcp-fastopen-message',
  'tcp-upper',
  'tcp6-connect',
  'mptcp-connect',
  'udp-connect',
];

let server: Server;
let open = 0;
/** Nobody listens there; denied or not is told before that is found out. */
const FREE = 1;

beforeAll(async () => {
  server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

const policyOf = (rules: readonly NetworkRule[]): ReturnType<typeof createPolicy> =>
  createPolicy('network').extend('build').addSyscalls(['socket']).addNetworkRules(rules);

const confined = async (rules: readonly NetworkRule[]): Promise<Container> =>
  small({ network: 'host', policy: policyOf(rules) });

async function outcomes(container: Container, port: number, options = {}): Promise<Record<string, string>> {
  const results = await attempt(
    container,
    EVERYTHING.map((operation) => [operation, String(port)]),
    options,
  );
  return Object.fromEntries(EVERYTHING.map((operation, at) => [operation, results[at] ?? '']));
}

const ALL_DENIED = Object.fromEntries(EVERYTHING.map((operation) => [operation, 'EPERM']));
/** What no rule for ports lets through, because Landlock would not see it. */
const UNSEEN = {
  'tcp-fastopen': 'EPERM',
  'tcp-fastopen-message': 'EPERM',
  'tcp-upper': 'EPERM',
  'mptcp-connect': 'EPERM',
  'udp-connect': 'EPERM',
};

describe.skipIf(abi < 4)(`on the host’s network, with Landlock (ABI ${abi}; the tests need 4)`, () => {
  test('without rules everything is as the host’s network has it', async () => {
    const policy = createPolicy('network').extend('build').addSyscalls(['socket']);
    await using container = await small({ network: 'host', policy });
    const {
      'tcp-connect': connect,
      'udp-connect': udp,
      'tcp-fastopen': fast,
    } = await outcomes(container, open);
    expect({ connect, udp, fast }).toEqual({ connect: 'ok', udp: 'ok', fast: 'ok' });
  });

  test('an empty list denies all', async () => {
    await using container = await confined([]);
    expect(container.enforced.landlock).toBe(abi);
    expect(await outcomes(container, open)).toEqual(ALL_DENIED);
    expect(
      await attempt(container, [
        ['listen', '/tmp/socket'],
        ['connect', '@none'],
        ['pair-send', '@none'],
      ]),
    ).toEqual(['EPERM', 'EPERM', 'EPERM']);
  });

  test('connecting to the ports that are named, and to no others', async () => {
    const rules: NetworkRule[] = [
      { family: 'inet', protocol: 'tcp', ports: [open, [9, 12]], allow: ['connect'] },
      { family: 'inet', protocol: 'tcp', ports: [10], allow: ['connect', 'send'] },
    ];
    await using container = await confined(rules);
    expect(container.enforced.landlock).toBe(abi);
    const rest = {
      ...UNSEEN,
      'tcp-bind': 'EACCES',
      'tcp-listen': 'EPERM',
      'tcp-accept': 'EPERM',
      'tcp6-connect': 'EPERM',
    };
    expect(await outcomes(container, open)).toEqual({ ...rest, 'tcp-connect': 'ok' });
    expect(await outcomes(container, FREE)).toEqual({ ...rest, 'tcp-connect': 'EACCES' });
    const steps = [8, 9, 12, 13].map((port) => ['tcp-connect', String(port)] as const);
    expect(await attempt(container, steps)).toEqual(['EACCES', 'ECONNREFUSED', 'ECONNREFUSED', 'EACCES']);
  });

  test('over both families when both have the rule, with mapped addresses among them', async () => {
    const each = (family: 'inet' | 'inet6'): NetworkRule => ({
      family,
      protocol: 'tcp',
      ports: [open],
      allow: ['connect'],
    });
    await using container = await confined([each('inet'), each('inet6')]);
    expect(await outcomes(container, open)).toMatchObject({
      'tcp-connect': 'ok',
      'tcp6-connect': 'ok',
      ...UNSEEN,
    });
    expect(await outcomes(container, FREE)).toMatchObject({
      'tcp-connect': 'EACCES',
      'tcp6-connect': 'EACCES',
    });
  });

  test('binding to the ports that are named', async () => {
    const spare = await new Promise<number>((resolve) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const { port } = probe.address() as AddressInfo;
        probe.close(() => resolve(port));
      });
    });
    await using container = await confined([
      { family: 'inet', protocol: 'tcp', ports: [spare], allow: ['bind'] },
    ]);
    expect(await attempt(container, [['tcp-bind', `${spare}`]])).toEqual(['ok']);
    const others = [
      ['tcp-bind', '0'],
      ['tcp-bind', '65000'],
      ['tcp-connect', `${open}`],
      ['tcp-listen', '0'],
    ] as const;
    expect(await attempt(container, others)).toEqual(['EACCES', 'EACCES', 'EACCES', 'EPERM']);
  });

  test('every port, where the rule names none: connecting is watched no more', async () => {
    await using container = await confined([{ family: 'inet', protocol: 'tcp', allow: ['connect'] }]);
    expect(await outcomes(container, open)).toMatchObject({
      'tcp-connect': 'ok',
      'tcp-fastopen': 'ok',
      'tcp-bind': 'EACCES',
      'tcp-listen': 'EPERM',
      'udp-connect': 'EPERM',
      'mptcp-connect': 'EPERM',
    });
    await using serving = await confined([{ family: 'inet', protocol: 'tcp' }]);
    expect(await outcomes(serving, open)).toMatchObject({ 'tcp-connect': 'ok', 'tcp-listen': 'ok' });
  });

  test('local sockets, where a rule allows them, and nothing else', async () => {
    await using container = await confined([{ family: 'unix' }]);
    const name = idFor('local');
    expect(
      await attempt(container, [
        ['listen', `@${name}`],
        ['connect', `@${name}`],
      ]),
    ).toEqual(['ok', 'ok']);
    const { 'tcp-listen': _, 'tcp-accept': __, ...rest } = await outcomes(container, open);
    expect(new Set(Object.values(rest))).toEqual(new Set(['EPERM']));
  });

  test('a rule that permits nothing permits nothing', async () => {
    await using container = await confined([
      { family: 'inet', protocol: 'udp', allow: [] },
      { family: 'inet', address: '10.0.0.0/8', ports: [] },
    ]);
    expect(await outcomes(container, open)).toEqual(ALL_DENIED);
  });

  test('together with file rules', async () => {
    const rules: NetworkRule[] = [{ family: 'inet', protocol: 'tcp', ports: [open], allow: ['connect'] }];
    await using container = await small({
      network: 'host',
      policy: policyOf(rules).addPaths([], FsAccess.Read),
    });
    const steps = [
      ['tcp-connect', `${open}`],
      ['tcp-connect', `${FREE}`],
      ['create', '/srv/new'],
    ] as const;
    expect(await attempt(container, steps)).toEqual(['ok', 'EACCES', 'EACCES']);
  });

  test('of a process alone, also of one that joins', async () => {
    const policy = policyOf([{ family: 'inet', protocol: 'tcp', ports: [open], allow: ['connect'] }]);
    await using container = await small({
      id: idFor('host-rules'),
      network: 'host',
      policy: createPolicy('network').extend('build'),
    });
    const steps = [
      ['tcp-connect', `${open}`],
      ['tcp-connect', `${FREE}`],
      ['udp-connect', '9'],
    ] as const;
    const joined = await joinContainer(container.id);
    for (const each of [container, joined]) {
      expect(await attempt(each, steps, { policy })).toEqual(['ok', 'EACCES', 'EPERM']);
      expect(await attempt(each, steps)).toEqual(['ok', 'ECONNREFUSED', 'ok']);
    }
  });

  test('what Landlock cannot express is refused of a process', async () => {
    const policy = policyOf([{ family: 'inet', protocol: 'tcp', address: '10.0.0.0/8', allow: ['connect'] }]);
    const expected = { code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'check network rules', hint: /ports only/ };
    await using container = await small({ network: 'host' });
    await failure(container.run('true', [], { policy }), expected);
  });
});

test('with no network there is nothing to enforce', async () => {
  const policy = createPolicy('network').addNetworkRules([{ family: 'inet', address: '10.0.0.0/8' }]);
  await using container = await small({ policy });
  expect((await container.run('true')).exitCode).toBe(0);
});
