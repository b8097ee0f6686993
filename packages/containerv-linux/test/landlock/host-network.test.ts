import type { NetworkRule } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { hostNetworkOf } from '../../src/landlock/host-network.js';
import { thrownBy } from '../support/thrown.js';

const BIND = 1n;
const CONNECT = 2n;
const tcp = (rule: Partial<NetworkRule> = {}): NetworkRule => ({ family: 'inet', protocol: 'tcp', ...rule });

describe('what can be expressed', () => {
  test.for<[title: string, rules: readonly NetworkRule[], expected: object]>([
    [
      'nothing',
      [],
      {
        sockets: { families: [], listen: false, accept: false, watchesConnect: true },
        handled: BIND | CONNECT,
        ports: [],
      },
    ],
    [
      'some ports to connect to',
      [tcp({ ports: [443, [80, 82]], allow: ['connect'] })],
      {
        sockets: { families: ['inet'], listen: false, accept: false, watchesConnect: true },
        handled: BIND | CONNECT,
        ports: [80, 81, 82, 443].map((port) => ({ port, rights: CONNECT })),
      },
    ],
    [
      'ports of several rules, added up',
      [tcp({ ports: [80], allow: ['connect'] }), tcp({ ports: [[80, 81]], allow: ['bind', 'send'] })],
      {
        handled: BIND | CONNECT,
        ports: [
          { port: 80, rights: BIND | CONNECT },
          { port: 81, rights: BIND },
        ],
      },
    ],
    [
      'every port of one operation',
      [tcp({ ports: [80], allow: ['connect'] }), tcp({ allow: ['bind', 'listen', 'accept'] })],
      {
        sockets: { families: ['inet'], listen: true, accept: true, watchesConnect: true },
        handled: CONNECT,
        ports: [{ port: 80, rights: CONNECT }],
      },
    ],
    [
      'every port of all',
      [tcp(), tcp({ family: 'inet6', address: '::/0' })],
      {
        sockets: { families: ['inet', 'inet6'], listen: true, accept: true, watchesConnect: false },
        handled: 0n,
        ports: [],
      },
    ],
    [
      'local sockets',
      [{ family: 'unix' }],
      {
        sockets: { families: ['unix'], listen: true, accept: true, watchesConnect: true },
        handled: BIND | CONNECT,
        ports: [],
      },
    ],
    [
      'local sockets and connecting, neither listening',
      [{ family: 'unix', allow: ['connect', 'bind', 'send'] }, tcp({ ports: [443], allow: ['connect'] })],
      {
        sockets: { families: ['inet', 'unix'], listen: false, accept: false, watchesConnect: true },
        ports: [{ port: 443, rights: CONNECT }],
      },
    ],
    [
      'rules that permit nothing count for nothing, whatever else they say',
      [tcp({ ports: [] }), { family: 'inet', address: '10.0.0.0/8', allow: [] }],
      { sockets: { families: [] }, ports: [] },
    ],
    ['as many ports as there may be', [tcp({ ports: [[1, 1024]], allow: ['connect'] })], {}],
  ])('%s', ([, rules, expected]) => {
    expect(hostNetworkOf(rules)).toMatchObject(expected);
  });
});

describe('what cannot is refused', () => {
  test.for<[summary: RegExp, hint: RegExp, rules: readonly NetworkRule[]]>([
    [/address 10\.0\.0\.0\/8/, /ports only/, [tcp({ address: '10.0.0.0/8', allow: ['connect'] })]],
    [/UDP/, /protocol: 'tcp'/, [{ family: 'inet', protocol: 'udp', ports: [53], allow: ['send'] }]],
    [/UDP/, /protocol: 'tcp'/, [{ family: 'inet', ports: [443], allow: ['connect'] }]],
    [/@name/, /abstract names/, [{ family: 'unix', path: '@name' }]],
    [/\/run\/x/, /mount/, [{ family: 'unix', path: '/run/x' }]],
    [/some uses of local/, /'connect', 'bind'/, [{ family: 'unix', allow: ['connect'] }]],
    [/`listen` on some ports/, /out of the rule/, [tcp({ ports: [80], allow: ['bind', 'listen'] })]],
    [/`listen` on some ports/, /out of the rule/, [tcp({ ports: [80] })]],
    [/different ports for IPv4 and IPv6/, /'inet' alone/, [tcp({ family: 'inet6', allow: ['connect'] })]],
    [
      /different ports/,
      /same ports/,
      [tcp({ ports: [80], allow: ['connect'] }), tcp({ family: 'inet6', ports: [81], allow: ['connect'] })],
    ],
    [
      /`listen` for local sockets or TCP/,
      /neither/,
      [{ family: 'unix' }, tcp({ ports: [443], allow: ['connect'] })],
    ],
    [
      /`accept` for local sockets or TCP/,
      /neither/,
      [{ family: 'unix' }, tcp({ allow: ['connect', 'bind', 'listen'] })],
    ],
    [/more than 1024/, /every port/, [tcp({ ports: [[1, 65535]], allow: ['connect'] })]],
    [
      /more than 1024/,
      /every port/,
      [tcp({ ports: [[1, 1000]], allow: ['connect'] }), tcp({ ports: [[2001, 3000]], allow: ['connect'] })],
    ],
  ])('%s', ([summary, hint, rules]) => {
    const error = thrownBy(() => hostNetworkOf(rules));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'check network rules' });
    expect(error.summary).toMatch(summary);
    expect(error.hint).toMatch(hint);
  });
});
