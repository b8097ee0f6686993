import { type NetworkOperation, type NetworkRule } from 'containerv-policy';
import { SocketOperation } from '../protocol.js';
import { refusal } from './refuse-rules.js';

/** Network rules that init judges single calls by (`native/init/socket_broker.h`). */
export interface SocketBroker {
  /** Hands the calls over; loaded before a policy's own. */
  readonly filter: Uint8Array;
  /** Lets the filter's listening descriptor out. */
  readonly pass: bigint;
  /** Whether packets of the internet families are judged elsewhere, wherever a sender would have them go. */
  readonly packets: boolean;
  readonly rules: readonly BrokerRule[];
}

export interface BrokerRule {
  readonly family: keyof typeof FAMILY;
  /** Without: any. */
  readonly protocol?: keyof typeof PROTOCOL;
  readonly allow: readonly NetworkOperation[];
  /** Of a local socket: its absolute path, or an abstract name after `@`. Without: every one. */
  readonly path?: string;
  /** CIDR. Without: every address. */
  readonly address?: string;
  /** First and last. Without: every port, and what has none yet. */
  readonly ports?: readonly (readonly [number, number])[];
}

/** linux/socket.h, linux/in.h */
export const FAMILY = { unix: 1, inet: 2, inet6: 10 } as const;
export const PROTOCOL = { tcp: 6, udp: 17 } as const;
export const OPERATION: Readonly<Record<NetworkOperation, number>> = {
  connect: SocketOperation.ConnectSocket,
  bind: SocketOperation.BindSocket,
  listen: SocketOperation.ListenSocket,
  accept: SocketOperation.AcceptSocket,
  send: SocketOperation.SendSocket,
};
export const EVERYTHING: readonly NetworkOperation[] = ['connect', 'bind', 'listen', 'accept', 'send'];

export function operationsOf({ allow }: NetworkRule): readonly NetworkOperation[] {
  return allow ?? EVERYTHING;
}

/**
 * What of a policy's rules takes looking at addresses of local sockets; `undefined`: nothing, because every one or none is
 * permitted. Packets of the internet families are judged elsewhere.
 *
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED`
 */
export function localSocketRules(rules: readonly NetworkRule[]): readonly BrokerRule[] | undefined {
  const local = rules.filter((rule) => rule.family === 'unix' && operationsOf(rule).length > 0);
  const unlimited = new Set(local.filter(({ path }) => path === undefined).flatMap(operationsOf));
  if (local.length === 0 || EVERYTHING.every((operation) => unlimited.has(operation))) return undefined;
  for (const path of new Set(local.map((rule) => rule.path))) requireUniformAccept(local, path);
  return [
    ...local.map((rule) => ({
      family: rule.family,
      allow: operationsOf(rule),
      ...(rule.path === undefined ? {} : { path: rule.path }),
    })),
    { family: 'inet', allow: EVERYTHING },
    { family: 'inet6', allow: EVERYTHING },
  ];
}

/** accept(2) names no socket but its own, which was listened at before: what may be listened at can be accepted from. */
export function requireUniformAccept(local: readonly NetworkRule[], path: string | undefined): void {
  const concerned = local.filter((rule) => rule.path === path || rule.path === undefined);
  const operations = new Set(concerned.flatMap(operationsOf));
  if (operations.has('listen') === operations.has('accept')) return;
  throw refusal(
    `The network rules for ${path === undefined ? 'local sockets' : `the local socket '${path}'`} allow one of listen and accept`,
    "Give `allow` both 'listen' and 'accept', or neither: nobody can accept where nobody may listen.",
  );
}
