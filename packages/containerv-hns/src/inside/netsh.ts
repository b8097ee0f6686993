import { addressFamily, dottedMask } from '../addresses.js';
import type { EndpointSettings } from '../endpoint-settings.js';
import type { Argv, InsideTask } from './inside-command.js';

const NETSH = 'netsh.exe';

/** Tells the numbers of the interfaces; see {@link connectedInterface}. */
export const listInterfaces: Argv = [NETSH, 'interface', 'ipv4', 'show', 'interfaces'];

/**
 * The number of the one connected interface that is no loopback, out of what {@link listInterfaces} writes.
 * `undefined`: there is none, or more than one, and guessing would configure the wrong one.
 */
export function connectedInterface(output: string): number | undefined {
  // "Idx  Met  MTU  State  Name"; only the numbers and the order are the same in every language.
  const rows = [...output.matchAll(/^\s*(\d+)\s+\d+\s+(\d+)\s+(\S+)\s+(.+?)\s*$/gm)]
    .map(([, index, mtu, state = '', name = '']) => ({ index: Number(index), mtu: Number(mtu), state, name }))
    // The loopback interface has no limit of its own.
    .filter(
      ({ mtu, state, name }) => mtu !== 4_294_967_295 && state !== 'disconnected' && !/loopback/i.test(name),
    );
  return rows.length === 1 ? rows[0]?.index : undefined;
}

/** One field of a Windows container's network where PowerShell is missing; commands to run in order. */
export function netshCommands({ field, settings }: InsideTask, index: number): readonly Argv[] {
  return COMMANDS[field](settings, String(index));
}

const COMMANDS: Readonly<
  Record<InsideTask['field'], (settings: EndpointSettings, index: string) => readonly Argv[]>
> = {
  address: ({ addresses }, index) =>
    addresses.map(
      ({ address, prefixLength }): Argv =>
        addressFamily(address) === 6
          ? [
              ...context(address),
              'add',
              'address',
              `interface=${index}`,
              `address=${address}/${prefixLength}`,
            ]
          : [
              ...context(address),
              'set',
              'address',
              `name=${index}`,
              'source=static',
              `address=${address}`,
              `mask=${dottedMask(prefixLength)}`,
            ],
    ),
  gateway: ({ gateways }, index) =>
    gateways.map((gateway) => [
      ...context(gateway),
      'add',
      'route',
      addressFamily(gateway) === 6 ? 'prefix=::/0' : 'prefix=0.0.0.0/0',
      `interface=${index}`,
      `nexthop=${gateway}`,
    ]),
  dns: ({ dns }, index) =>
    ([4, 6] as const).flatMap((family) =>
      dns
        .filter((server) => addressFamily(server) === family)
        .map(
          (server, order): Argv =>
            order === 0
              ? [
                  ...context(server),
                  'set',
                  'dnsservers',
                  `name=${index}`,
                  'source=static',
                  `address=${server}`,
                  'validate=no',
                ]
              : [
                  ...context(server),
                  'add',
                  'dnsservers',
                  `name=${index}`,
                  `address=${server}`,
                  `index=${order + 1}`,
                  'validate=no',
                ],
        ),
    ),
};

function context(address: string): [string, string, string] {
  return [NETSH, 'interface', addressFamily(address) === 6 ? 'ipv6' : 'ipv4'];
}
