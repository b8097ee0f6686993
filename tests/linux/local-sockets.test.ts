import { chmodSync, closeSync, mkdirSync, openSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import type { Container, ContainerOptions } from 'containerv-linux';
import type { NetworkRule } from 'containerv-policy';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { untilSaid } from '../support/collect.js';
import { errorName, json, processes, small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { networkPolicy, serve, ask } from '../support/network.js';
import { describeWithGroups } from '../support/privilege.js';
import { runProgram } from '../support/program.js';
import { sharedRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';
import { full, isRoot, program } from '../support/suite.js';

const SECONDS = full ? '20' : '0.7';
const users = [true, ...(isRoot ? [false] : [])];

const policyOf = (rules: readonly NetworkRule[]): typeof networkPolicy =>
  networkPolicy.addNetworkRules(rules);
const confined = async (rules: readonly NetworkRule[], options: ContainerOptions = {}): Promise<Container> =>
  small({ policy: policyOf(rules), ...options });

/** An ordinary user cannot have it held everywhere. */
const pids = (most: number): ContainerOptions => (isRoot ? { limits: { pids: most } } : {});

/** What came of each step (fixtures/box/steps.c). */
async function steps(container: Container, ...list: readonly string[]): Promise<string[]> {
  return (await json<number[]>(container, 'steps', list)).map(errorName);
}

describe.for(users)('rules for single local sockets, with user namespace %s', (user) => {
  const namespaces = { user };

  test('are seen to be in force before anything runs', async () => {
    await using container = await confined([{ family: 'unix', path: '/tmp/a' }], { namespaces });
    expect(container.enforced.socketBroker).toBe(true);
    await using open = await confined([{ family: 'unix' }], { namespaces });
    expect(open.enforced.socketBroker).toBe(false);
  });

  test('permit paths and abstract names that they name and no others', async () => {
    const rules: NetworkRule[] = [
      { family: 'unix', path: '/tmp/a' },
      { family: 'unix', path: '@a' },
    ];
    await using container = await confined(rules, { namespaces });
    const names = ['/tmp/a', '/tmp/b', '@a', '@b', '@ab'];
    for (const name of names) {
      const permitted = name === '/tmp/a' || name === '@a';
      const told = await steps(container, 'stream', `bind=${name}`, 'listen=1', 'stream', `connect=${name}`);
      expect([name, ...told]).toEqual(
        permitted
          ? [name, 'ok', 'ok', 'ok', 'ok', 'ok']
          : [name, 'ok', 'EACCES', 'EINVAL', 'ok', name.startsWith('@') ? 'EACCES' : 'ENOENT'],
      );
    }
    expect(await steps(container, 'seqpacket', 'bind=@a', 'listen=1', 'seqpacket', 'connect=@a')).toEqual(
      Array.from({ length: 5 }, () => 'ok'),
    );
  });

  test('permit connecting, binding and listening one by one', async () => {
    const rules: NetworkRule[] = [
      { family: 'unix', path: '@connect', allow: ['connect'] },
      { family: 'unix', path: '@bind', allow: ['bind'] },
      { family: 'unix', path: '/tmp/bind', allow: ['bind'] },
      { family: 'unix', path: '@serve', allow: ['bind', 'listen', 'accept'] },
    ];
    await using container = await confined(rules, { namespaces });
    expect(await steps(container, 'stream', 'bind=@connect', 'connect=@connect')).toEqual([
      'ok',
      'EACCES',
      'ECONNREFUSED',
    ]);
    expect(await steps(container, 'stream', 'bind=@bind', 'listen=1', 'connect=@bind')).toEqual([
      'ok',
      'ok',
      'EACCES',
      'EACCES',
    ]);
    expect(await steps(container, 'stream', 'bind=/tmp/bind', 'listen=1', 'tell')).toEqual([
      'ok',
      'ok',
      'EACCES',
      'ok',
    ]);
    expect(
      await steps(container, 'stream', 'bind=@serve', 'listen=1', 'accept', 'stream', 'connect=@serve'),
    ).toEqual(['ok', 'ok', 'ok', 'EAGAIN', 'ok', 'EACCES']);
  });

  test('hold wherever a path leads', async () => {
    await using container = await confined([{ family: 'unix', path: '/tmp/a' }], { namespaces });
    expect(
      await steps(
        container,
        'chdir=/tmp',
        'stream',
        'bind=a',
        'listen=8',
        'symlink=/tmp/to-a>/tmp/a',
        'symlink=/tmp/here>/tmp',
        'stream',
        'connect=to-a',
        'stream',
        'connect=../tmp/./here/a',
        'stream',
        'connect=/proc/self/cwd/a',
        'stream',
        'bind=/tmp/here/b',
      ),
    ).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ELOOP', 'ok', 'EACCES']);
    // A link with the permitted name to a socket that is not.
    expect(
      await steps(container, 'symlink=/tmp/sub>/dev', 'stream', 'bind=/tmp/sub/a', 'stream', 'bind=a'),
    ).toEqual(['ok', 'ok', 'EACCES', 'ok', 'EACCES']);
  });

  test('a rule through a link is for where that led when the container started', async () => {
    const source = scratchPath('link');
    mkdirSync(source);
    symlinkSync('/tmp', path.join(source, 'to'));
    const mounts = [{ source, target: '/in', create: true }];
    await using container = await confined([{ family: 'unix', path: '/in/to/a' }], { namespaces, mounts });
    expect(await steps(container, 'stream', 'bind=/tmp/a', 'stream', 'bind=/in/a')).toEqual([
      'ok',
      'ok',
      'ok',
      'EACCES',
    ]);
  });

  test('leave what programs see of their sockets and peers as it is', async () => {
    const rules: NetworkRule[] = ['/tmp/a', '@a'].map((each) => ({ family: 'unix', path: each }));
    await using container = await confined(rules, { namespaces });
    const named = ['chdir=/tmp', 'stream', 'bind=a', 'tell', 'stream', 'bind=@a', 'listen=1', 'tell'];
    const asked = ['user=1000', 'stream', 'connect=@a', 'use=1', 'accept', 'tell'];
    const { stderr } = await container.run('steps', [...named, ...asked]);
    expect(stderr.trim().split('\n')).toEqual([
      'name a peer -1 -1',
      'name @a peer 0 0',
      'name @a peer 1000 0',
    ]);
  });

  test('nobody gets rights by them that he has not', async () => {
    await using container = await confined([{ family: 'unix', path: '/tmp/a' }], { namespaces });
    await container.run('attempt', ['mkdir', '/tmp/closed', '', 'chmod', '/tmp/closed', '700']);
    await using other = await confined([{ family: 'unix', path: '/tmp/closed/a' }], { namespaces });
    await other.run('attempt', ['mkdir', '/tmp/closed', '', 'chmod', '/tmp/closed', '700']);
    expect(
      await steps(
        other,
        'stream',
        'bind=/tmp/closed/a',
        'listen=1',
        'user=1000',
        'stream',
        'connect=/tmp/closed/a',
        'stream',
        'bind=/tmp/closed/b',
      ),
    ).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'EACCES', 'ok', 'EACCES']);
  });

  test('take every way to an address that is not seen', async () => {
    await using container = await confined([{ family: 'unix', path: '/tmp/a', allow: ['connect'] }], {
      namespaces,
    });
    expect(
      await steps(container, 'dgram', 'pair=2', 'pair=1', 'listener', 'landlock', 'uring', 'stream', 'bind='),
    ).toEqual(['EACCES', 'EACCES', 'ok', 'EBUSY', 'EOPNOTSUPP', 'EPERM', 'ok', 'EACCES']);
  });

  test('are for datagrams too, however they are sent', async () => {
    const rules: NetworkRule[] = [
      { family: 'unix', path: '/tmp/d' },
      { family: 'unix', path: '@d' },
      { family: 'unix', path: '@connect', allow: ['bind', 'connect'] },
    ];
    await using container = await confined(rules, { namespaces });
    const ways = ['sendto', 'sendmsg', 'sendmmsg'];
    const received = ways.map(() => 'receive');
    for (const name of ['/tmp/d', '@d']) {
      const list = [
        'dgram',
        `bind=${name}`,
        'dgram',
        ...ways.map((way) => `${way}=${name}`),
        'use=0',
        ...received,
      ];
      expect([name, ...(await steps(container, ...list))]).toEqual([name, ...list.map(() => 'ok')]);
    }
    for (const name of ['/tmp/e', '@e', '@connect']) {
      const list = [
        'dgram',
        ...ways.map((way) => `${way}=${name}`),
        'pair=2',
        ...ways.map((way) => `${way}=${name}`),
      ];
      const denied = name === '/tmp/e' ? 'ENOENT' : 'EACCES';
      expect([name, ...(await steps(container, ...list))]).toEqual([
        name,
        ...list.map((each) => (each.startsWith('send') ? denied : 'ok')),
      ]);
    }
    const connected = ['dgram', 'bind=@connect', 'dgram', 'connect=@connect', ...ways, 'use=0', ...received];
    expect(await steps(container, ...connected)).toEqual(connected.map(() => 'ok'));
    const bound = ['chdir=/tmp', 'dgram', 'bind=../tmp/d', 'dgram', 'bind=e'];
    await container.run('attempt', ['unlink', '/tmp/d', '']);
    expect(await steps(container, ...bound)).toEqual(['ok', 'ok', 'ok', 'ok', 'EACCES']);
  });

  test('leave messages as they are', async () => {
    await using container = await confined([{ family: 'unix', path: '/tmp/d' }], { namespaces });
    const list = ['pass=1', 'pass=2', 'pass=5', 'broken', 'bulk', 'user=1000', 'pass=1', 'pass=2', 'pretend'];
    expect(await steps(container, ...list)).toEqual(
      [...list.slice(1).map(() => 'ok'), 'EPERM'].with(3, 'EPIPE'),
    );
  });

  test('leave the internet families to the rules for them', async () => {
    const rules: NetworkRule[] = [
      { family: 'unix', path: '/tmp/a' },
      { family: 'inet', protocol: 'tcp', ports: [80] },
      { family: 'inet', protocol: 'udp', ports: [53] },
    ];
    await using container = await confined(rules, { namespaces });
    for (const port of [80, 81]) await serve(container, 'tcp', port, `tcp ${port}`);
    await serve(container, 'udp', 53, 'udp');
    expect(
      await ask(container, ['tcp', '127.0.0.1', 80], ['tcp', '127.0.0.1', 81], ['udp', '127.0.0.1', 53]),
    ).toEqual(['tcp 80 127.0.0.1', 'ECONNREFUSED', 'udp 127.0.0.1']);
  });

  test('hold again after stop and start', async () => {
    await using container = await confined([{ family: 'unix', path: '@a' }], { namespaces });
    await container.stop({ timeout: 0 });
    await container.start();
    expect(container.enforced.socketBroker).toBe(true);
    expect(await steps(container, 'stream', 'bind=@a', 'stream', 'bind=@b')).toEqual([
      'ok',
      'ok',
      'ok',
      'EACCES',
    ]);
  });
});

/** Sockets of the host in a directory of its own, with how often each was reached. */
class Reached {
  readonly directory = scratchPath('sockets');
  readonly counts: Record<string, number> = {};
  readonly #servers: Server[] = [];

  constructor() {
    mkdirSync(this.directory);
    chmodSync(this.directory, 0o755);
  }

  async listen(name: string): Promise<void> {
    this.counts[name] = 0;
    const server = createServer((socket) => {
      this.counts[name] = (this.counts[name] ?? 0) + 1;
      socket.destroy();
    });
    this.#servers.push(server);
    const file = path.join(this.directory, name);
    await new Promise<void>((resolve) => server.listen(file, resolve));
    chmodSync(file, 0o777);
  }

  close(): void {
    for (const server of this.#servers) server.close();
  }
}

test.for([
  ['pidfd_getfd', 438],
  ['pidfd_open', 434],
] as const)('a kernel without %s is told apart before anything runs', async ([, number]) => {
  const rules: NetworkRule[] = [{ family: 'unix', path: '@a' }];
  const under = [program('without-syscalls'), String(number), '--'];
  const { stdout } = await runProgram('try-rules', [JSON.stringify({ rootfs: sharedRoot(), rules })], {
    under,
  });
  expect(JSON.parse(stdout)).toEqual({
    code: 'ERR_CONTAINERV_UNSUPPORTED',
    step: 'enforce socket rules',
    syscall: number === 434 ? 'pidfd_open' : 'seccomp',
    errno: 'ENOSYS',
  });
});

describe('rules for single local sockets, under attack,', () => {
  const reached = new Reached();
  const mounts = [{ source: reached.directory, target: '/in', create: true }];
  beforeAll(async () => {
    for (const name of ['permitted', 'forbidden']) await reached.listen(name);
  });
  afterAll(() => reached.close());

  test('hold when the address, or what the descriptor is, changes while it is looked at', async () => {
    const rules: NetworkRule[] = [{ family: 'unix', path: '/in/permitted', allow: ['connect'] }];
    await using container = await confined(rules, { mounts });
    const [worked, failed] = await json<[number, number]>(container, 'flip', [
      '/in/permitted',
      '/in/forbidden',
      SECONDS,
    ]);
    // Both were met, or nothing was tried.
    expect(worked).toBeGreaterThan(0);
    expect(failed).toBeGreaterThan(0);
    await eventually(() => expect(reached.counts['permitted']).toBeGreaterThanOrEqual(worked));
    expect(reached.counts['forbidden']).toBe(0);
  });

  test('a directory of the host that came in brings no name of the host’s with it', async () => {
    const rules: NetworkRule[] = [
      { family: 'unix', path: path.join(reached.directory, 'forbidden'), allow: ['connect'] },
    ];
    await using container = await confined(rules);
    const directory = openSync(reached.directory, 'r');
    const { stdout } = await container.run('steps', ['fchdir=3', 'stream', 'connect=forbidden'], {
      stdio: ['ignore', 'pipe', 'pipe', directory],
    });
    closeSync(directory);
    expect((JSON.parse(stdout) as number[]).map(errorName)).toEqual(['ok', 'ok', 'EACCES']);
  });

  test('nobody waits for those who wait, signals end a wait, and so does death', async () => {
    await using container = await confined(
      [
        { family: 'unix', path: '@full' },
        { family: 'unix', path: '@free' },
      ],
      {
        ...pids(512),
      },
    );
    const server = await container.spawn('steps', [
      'stream',
      'bind=@full',
      'listen=0',
      'stream',
      'bind=@free',
      'listen=64',
      'ready',
      'pause',
    ]);
    await untilSaid(server, 'ready');
    const [error, interrupted, other, took] = await json<number[]>(container, 'crowded', [
      '@full',
      '100',
      '@free',
    ]);
    expect([errorName(error ?? -1), errorName(other ?? -1)]).toEqual(['EINTR', 'ok']);
    expect(interrupted).toBeGreaterThanOrEqual(100);
    expect(interrupted).toBeLessThan(2000);
    expect(took).toBeLessThan(1000);
    // What made calls for those that were killed is gone as well.
    await eventually(async () =>
      expect((await processes(container)).map(({ name }) => name)).not.toContain('containerv-call'),
    );
  });

  test('callers that die or end meanwhile leave nothing, and everybody else is served', async () => {
    await using container = await confined([{ family: 'unix', path: '@free' }], pids(64));
    const server = await container.spawn('steps', ['stream', 'bind=@free', 'listen=4096', 'ready', 'pause']);
    await untilSaid(server, 'ready');
    const [error] = await json<number[]>(container, 'storm', ['@free', '300']);
    expect(errorName(error ?? -1)).toBe('ok');
    await eventually(async () =>
      expect((await processes(container)).map(({ name }) => name)).not.toContain('containerv-call'),
    );
  });
});

describeWithGroups('rules for single local sockets, in a container that is paused:', () => {
  test('who waits can be paused, and goes on', async () => {
    await using container = await confined([{ family: 'unix', path: '@full' }]);
    const first = ['stream', 'bind=@full', 'listen=0', 'stream', 'connect=@full', 'ready', 'stream'];
    const waiting = await container.spawn('steps', [...first, 'connect=@full', 'connect=@full']);
    await untilSaid(waiting, 'ready');
    await expect
      .poll(async () => (await processes(container)).map(({ name }) => name))
      .toContain('containerv-call');
    await container.pause();
    await container.resume();
    expect((await container.run('steps', ['stream', 'bind=@other'])).stdout).toBe('[0,13]\n');
  });
});
