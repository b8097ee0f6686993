import { ContainervError } from 'containerv-api';
import type { IpFamily, NetworkOperation, NetworkRule, SocketUse } from 'containerv-policy';
import { HOST_NETWORK_STEP } from '../landlock/host-network.js';
import { type BrokerRule, operationsOf, requireUniformAccept } from './socket-broker.js';

/** A policy's network rules on the host's network, where single calls are judged by them. */
export interface HostBroker {
  readonly rules: readonly BrokerRule[];
  /** What sockets there are at all. */
  readonly sockets: SocketUse;
}

/**
 * Which sockets may be made, and where each may go or be, on the host's network.
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED`
 */
export function hostBrokerOf(rules: readonly NetworkRule[]): HostBroker {
  const useful = rules.filter((rule) => operationsOf(rule).length > 0 && rule.ports?.length !== 0);
  const local = useful.filter(({ family }) => family === 'unix');
  for (const path of new Set(local.map((rule) => rule.path))) requireUniformAccept(local, path);
  for (const rule of useful) requireKnownPlace(rule);
  const internet = useful.filter(({ family }) => family !== 'unix');
  for (const rule of internet) requireBoth(rule);
  const familiesWith = (protocol: 'tcp' | 'udp'): IpFamily[] =>
    (['inet', 'inet6'] as const).filter((family) =>
      internet.some((rule) => rule.family === family && (rule.protocol ?? protocol) === protocol),
    );
  const any = (operation: NetworkOperation): boolean =>
    useful.some((rule) => operationsOf(rule).includes(operation));
  return {
    rules: useful.map(brokerRule),
    sockets: {
      families: [...familiesWith('tcp'), ...(local.length === 0 ? [] : (['unix'] as const))],
      udp: familiesWith('udp'),
      listen: any('listen'),
      accept: any('accept'),
      watchesConnect: true,
      watchesRoutes: true,
    },
  };
}

function brokerRule({ family, protocol, address, ports, path, allow }: NetworkRule): BrokerRule {
  return {
    family,
    allow: operationsOf({ family, ...(allow === undefined ? {} : { allow }) }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(path === undefined ? {} : { path }),
    ...(address === undefined ? {} : { address }),
    ...(ports === undefined
      ? {}
      : { ports: ports.map((each) => (typeof each === 'number' ? ([each, each] as const) : each)) }),
  };
}

/** Where the file of a socket is that listens is told to who has power over its network. */
function requireKnownPlace(rule: NetworkRule): void {
  if (rule.family !== 'unix' || rule.path?.startsWith('/') !== true) return;
  if (!operationsOf(rule).includes('listen')) return;
  throw inexpressible(
    `\`listen\` for the local socket '${rule.path}'`,
    "Leave 'listen' and 'accept' out of `allow`, or take a network of the container's own.",
  );
}

/** accept(2) names no address: what may be listened at can be accepted from. */
function requireBoth(rule: NetworkRule): void {
  const operations = operationsOf(rule);
  if (operations.includes('listen') === operations.includes('accept')) return;
  throw inexpressible(
    '`listen` without `accept`, or the other way around,',
    "Give each rule's `allow` both 'listen' and 'accept', or neither.",
  );
}

function inexpressible(what: string, hint: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `On the host's network there is no enforcement of ${what}`,
    { step: HOST_NETWORK_STEP, hint },
  );
}
