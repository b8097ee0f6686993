import type { NetworkRule } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { hostBrokerOf } from '../../src/network/host-broker.js';
import { EVERYTHING, localSocketRules } from '../../src/network/socket-broker.js';
import { thrownBy } from '../support/thrown.js';

const INTERNET = [
  { family: 'inet', allow: EVERYTHING },
  { family: 'inet6', allow: EVERYTHING },
];

describe('in a network of its own', () => {
  test.for<[readonly NetworkRule[]]>([
    [[]],
    [[{ family: 'inet', protocol: 'tcp' }]],
    [[{ family: 'unix' }]],
    [[{ family: 'unix', path: '@a' }, { family: 'unix' }]],
    [[{ family: 'unix', allow: [] }]],
    [
      [
        { family: 'unix', allow: ['connect', 'send'] },
        { family: 'unix', allow: ['bind', 'listen', 'accept'] },
      ],
    ],
  ])('nobody has to look at addresses for %j', ([rules]) => {
    expect(localSocketRules(rules)).toBeUndefined();
  });

  test('rules for single local sockets are judged, those of the internet families not', () => {
    const rules: NetworkRule[] = [
      { family: 'unix', path: '/run/x', allow: ['connect'] },
      { family: 'unix', path: '@a' },
      { family: 'unix', path: '/nothing', allow: [] },
      { family: 'inet', protocol: 'tcp', ports: [80] },
    ];
    expect(localSocketRules(rules)).toEqual([
      { family: 'unix', path: '/run/x', allow: ['connect'] },
      { family: 'unix', path: '@a', allow: EVERYTHING },
      ...INTERNET,
    ]);
  });

  test('some uses of every local socket are, too', () => {
    expect(localSocketRules([{ family: 'unix', allow: ['connect'] }])).toEqual([
      { family: 'unix', allow: ['connect'] },
      ...INTERNET,
    ]);
  });

  test.for<[RegExp, readonly NetworkRule[]]>([
    [/'@a'/, [{ family: 'unix', path: '@a', allow: ['bind', 'listen'] }]],
    [/'\/run\/x'/, [{ family: 'unix', path: '/run/x', allow: ['accept'] }]],
    [/for local sockets allow/, [{ family: 'unix', allow: ['bind', 'listen'] }]],
  ])('%s: accepting goes with listening', ([message, rules]) => {
    const error = thrownBy(() => localSocketRules(rules));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'check options' });
    expect(error.summary).toMatch(message);
    expect(error.hint).toMatch(/both 'listen' and 'accept', or neither/);
  });

  test('a rule for every socket gives what one for a single one lacks', () => {
    const rules: NetworkRule[] = [
      { family: 'unix', allow: ['listen', 'accept'] },
      { family: 'unix', path: '@a', allow: ['accept', 'bind'] },
    ];
    expect(localSocketRules(rules)).toHaveLength(4);
  });
});

describe('on the host’s network', () => {
  test('sockets are those of the rules, and every rule is judged', () => {
    expect(
      hostBrokerOf([
        {
          family: 'inet',
          protocol: 'tcp',
          address: '10.0.0.0/8',
          ports: [443, [8000, 8080]],
          allow: ['connect'],
        },
        { family: 'inet6', protocol: 'udp', ports: [53], allow: ['send'] },
        { family: 'unix', path: '@a', allow: ['connect'] },
        { family: 'inet6', protocol: 'tcp', ports: [] },
        { family: 'inet6', protocol: 'tcp', allow: [] },
      ]),
    ).toEqual({
      rules: [
        {
          family: 'inet',
          protocol: 'tcp',
          address: '10.0.0.0/8',
          ports: [
            [443, 443],
            [8000, 8080],
          ],
          allow: ['connect'],
        },
        { family: 'inet6', protocol: 'udp', ports: [[53, 53]], allow: ['send'] },
        { family: 'unix', path: '@a', allow: ['connect'] },
      ],
      sockets: {
        families: ['inet', 'unix'],
        udp: ['inet6'],
        listen: false,
        accept: false,
        watchesConnect: true,
        watchesRoutes: true,
      },
    });
  });

  test('without a protocol both are meant', () => {
    expect(hostBrokerOf([{ family: 'inet6' }]).sockets).toMatchObject({
      families: ['inet6'],
      udp: ['inet6'],
      listen: true,
      accept: true,
    });
  });

  test.for<[RegExp, NetworkRule]>([
    [/`listen` for the local socket '\/run\/x'/, { family: 'unix', path: '/run/x' }],
    [/`listen` without `accept`/, { family: 'inet', protocol: 'tcp', allow: ['bind', 'listen'] }],
    [/`listen` without `accept`/, { family: 'inet6', allow: ['accept'] }],
  ])('%s is refused', ([message, rule]) => {
    const error = thrownBy(() => hostBrokerOf([rule]));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'check network rules' });
    expect(error.summary).toMatch(message);
  });
});
