import { createPolicy } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { failure } from '../support/failure.js';
import { attempt, small } from '../support/container.js';
import { ask, networked, networkPolicy, serve } from '../support/network.js';
import { isRoot } from '../support/suite.js';

const LOCAL = '127.0.0.1';

// The loopback interface is enough to see what is let through, and needs no privileges.
describe.for([true, ...(isRoot ? [false] : [])])(
  'network rules of a policy, with user namespace %s',
  (user) => {
    test('permit what they name and nothing else', async () => {
      const policy = networkPolicy.addNetworkRules([
        { family: 'inet', protocol: 'tcp', address: '127.0.0.0/8', ports: [80, [8000, 8010]] },
        { family: 'inet', protocol: 'udp', ports: [53] },
      ]);
      await using container = await networked('none', { policy, namespaces: { user } });
      for (const port of [80, 81, 8000, 8010, 8011]) await serve(container, 'tcp', port, `tcp ${port}`);
      for (const port of [53, 54]) await serve(container, 'udp', port, `udp ${port}`);
      await serve(container, 'tcp', 8005, 'six', '::1');
      expect(
        await ask(
          container,
          ['tcp', LOCAL, 80],
          ['tcp', LOCAL, 81],
          ['tcp', LOCAL, 8000],
          ['tcp', LOCAL, 8010],
          ['tcp', LOCAL, 8011],
          ['udp', LOCAL, 53],
          ['udp', LOCAL, 54],
          ['tcp', '::1', 8005],
        ),
      ).toEqual([
        'tcp 80 127.0.0.1',
        'ECONNREFUSED',
        'tcp 8000 127.0.0.1',
        'tcp 8010 127.0.0.1',
        'ECONNREFUSED',
        'udp 53 127.0.0.1',
        'EPERM',
        'ECONNREFUSED',
      ]);
    });

    test('an empty list permits nothing', async () => {
      const policy = networkPolicy.addNetworkRules([]);
      await using container = await networked('none', { policy, namespaces: { user } });
      await serve(container, 'tcp', 80, 'tcp');
      await serve(container, 'udp', 80, 'udp', '::1');
      expect(await ask(container, ['tcp', LOCAL, 80], ['udp', '::1', 80])).toEqual(['ECONNREFUSED', 'EPERM']);
    });

    test('no list permits everything', async () => {
      await using container = await networked('none', { namespaces: { user } });
      await serve(container, 'tcp', 80, 'tcp');
      expect(await ask(container, ['tcp', LOCAL, 80])).toEqual(['tcp 127.0.0.1']);
    });

    test('IPv6 has rules of its own', async () => {
      const policy = networkPolicy.addNetworkRules([{ family: 'inet6', address: '::1', ports: [80] }]);
      await using container = await networked('none', { policy, namespaces: { user } });
      await serve(container, 'tcp', 80, 'six', '::1');
      await serve(container, 'udp', 80, 'datagram', '::1');
      await serve(container, 'tcp', 80, 'four');
      expect(await ask(container, ['tcp', '::1', 80], ['udp', '::1', 80], ['tcp', LOCAL, 80])).toEqual([
        'six ::1',
        'datagram ::1',
        'ECONNREFUSED',
      ]);
    });

    test('connecting without accepting, and the other way round, is not enough', async () => {
      const one = { family: 'inet', protocol: 'tcp' } as const;
      const policy = networkPolicy.addNetworkRules([
        { ...one, ports: [1, 2, 3], allow: ['connect'] },
        { ...one, ports: [2, 3, 4], allow: ['accept', 'listen'] },
        { ...one, ports: [3, 4], allow: ['bind'] },
      ]);
      await using container = await networked('none', { policy, namespaces: { user } });
      for (const port of [1, 2, 3, 4]) await serve(container, 'tcp', port, String(port));
      expect(
        await ask(container, ['tcp', LOCAL, 1], ['tcp', LOCAL, 2], ['tcp', LOCAL, 3], ['tcp', LOCAL, 4]),
      ).toEqual(['ECONNREFUSED', 'ECONNREFUSED', '3 127.0.0.1', 'ECONNREFUSED']);
    });

    test('no process has what it takes to change them', async () => {
      const policy = networkPolicy.addNetworkRules([]);
      await using container = await networked('none', { policy, namespaces: { user } });
      expect(container.enforced.capabilities).not.toContain('CAP_NET_ADMIN');
      expect(container.enforced.capabilities).not.toContain('CAP_SYS_ADMIN');
    });

    test('hold again after stop and start', async () => {
      const policy = networkPolicy.addNetworkRules([{ family: 'inet', ports: [80] }]);
      await using container = await networked('none', { policy, namespaces: { user } });
      await container.stop({ timeout: 0 });
      await container.start();
      await serve(container, 'tcp', 80, 'again');
      await serve(container, 'tcp', 81, 'never');
      expect(await ask(container, ['tcp', LOCAL, 80], ['tcp', LOCAL, 81])).toEqual([
        'again 127.0.0.1',
        'ECONNREFUSED',
      ]);
    });
  },
);

describe('local sockets', () => {
  const calls = async (policy: typeof networkPolicy): Promise<unknown> => {
    await using container = await small({ policy });
    return JSON.parse((await container.run('calls')).stdout)['socket(unix)'];
  };

  test('are none when rules are given and none is for them', async () => {
    const EACCES = 13;
    expect(await calls(networkPolicy.addNetworkRules([]))).toBe(EACCES);
    expect(await calls(networkPolicy.addNetworkRules([{ family: 'unix', allow: [] }]))).toBe(EACCES);
    expect(await calls(networkPolicy.addNetworkRules([{ family: 'unix' }]))).toBe(0);
    expect(await calls(networkPolicy)).toBe(0);
  });

  test('nor are the ends of pairs, which send to anybody', async () => {
    await using container = await small({ policy: networkPolicy.addNetworkRules([]) });
    expect(await attempt(container, [['pair-send', '@none']])).toEqual(['EACCES']);
    await using open = await small({ policy: networkPolicy.addNetworkRules([{ family: 'unix' }]) });
    expect(await attempt(open, [['pair-send', '@none']])).toEqual(['ECONNREFUSED']);
  });
});

describe('what cannot be enforced is refused', () => {
  const unsupported = { code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'check options' };

  test('rules for local sockets that tell listening from accepting', async () => {
    const policy = networkPolicy.addNetworkRules([{ family: 'unix', path: '/run/x', allow: ['accept'] }]);
    await failure(small({ policy }), { ...unsupported, message: /\/run\/x/, hint: /neither/ });
  });

  test('rules for processes that could change them', async () => {
    const policy = networkPolicy.setCapabilities(['CAP_NET_ADMIN']);
    await failure(small({ policy: policy.addNetworkRules([]) }), {
      ...unsupported,
      message: /CAP_NET_ADMIN/,
    });
    // Without root there may be no private network to have egress rules.
    const message = isRoot ? /CAP_NET_ADMIN/ : /CAP_NET_ADMIN|Without root, a private network takes pasta/;
    await failure(small({ policy, network: { egress: [] } }), { ...unsupported, message });
  });

  test('rules of one process', async () => {
    await using container = await small({ policy: networkPolicy });
    const policy = createPolicy('network').addNetworkRules([]);
    await failure(container.run('true', [], { policy }), { ...unsupported, hint: /createContainer/ });
  });
});
