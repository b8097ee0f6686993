import { addressFamily, dottedMask } from '../addresses.js';
import type { EndpointSettings } from '../endpoint-settings.js';
import type { Argv, InsideTask } from './inside-command.js';

/**
 * One field of a Linux container's network, by `ip` or else by `ifconfig` and `route`; commands to run in order.
 * What differs between containers comes as arguments, so that nothing of it is ever read as a command.
 */
export function shellCommands({ field, settings, mac }: InsideTask): readonly Argv[] {
  return COMMANDS[field](settings, (mac ?? '').replaceAll('-', ':').toLowerCase());
}

// $1: MAC address; empty: the first interface that is not a loopback.
const DEVICE = `set -eu
device=
for each in /sys/class/net/*; do
  [ "\${each##*/}" != lo ] || continue
  [ -z "$1" ] || [ "$(cat "$each/address")" = "$1" ] || continue
  device=\${each##*/}
  break
done
[ -n "$device" ] || { echo 'no such interface' >&2; exit 1; }`;

// $2: address, $3: prefix length, $4: netmask, or empty for IPv6.
const ADDRESS = `${DEVICE}
if command -v ip >/dev/null 2>&1; then
  if [ -n "$4" ]; then ip -4 addr flush dev "$device"; fi
  ip addr add "$2/$3" dev "$device"
  ip link set "$device" up
elif [ -n "$4" ]; then
  ifconfig "$device" "$2" netmask "$4" up
else
  ifconfig "$device" inet6 add "$2/$3"
  ifconfig "$device" up
fi`;

// $2: gateway, $3: 4 or 6.
const GATEWAY = `${DEVICE}
if command -v ip >/dev/null 2>&1; then
  ip "-$3" route replace default via "$2" dev "$device"
elif [ "$3" = 4 ]; then
  route del default 2>/dev/null || true
  route add default gw "$2" "$device"
else
  route -A inet6 add default gw "$2" dev "$device"
fi`;

// All of them are servers. Written in one go, so that nobody reads half of it.
const DNS = `set -eu
umask 022
printf 'nameserver %s\\n' "$@" > /etc/resolv.conf`;

const COMMANDS: Readonly<
  Record<InsideTask['field'], (settings: EndpointSettings, mac: string) => readonly Argv[]>
> = {
  address: ({ addresses }, mac) =>
    addresses.map(({ address, prefixLength }) =>
      shell(
        ADDRESS,
        mac,
        address,
        String(prefixLength),
        addressFamily(address) === 4 ? dottedMask(prefixLength) : '',
      ),
    ),
  gateway: ({ gateways }, mac) =>
    gateways.map((gateway) => shell(GATEWAY, mac, gateway, String(addressFamily(gateway)))),
  dns: ({ dns }) => [shell(DNS, ...dns)],
};

function shell(script: string, ...args: readonly string[]): Argv {
  return ['/bin/sh', '-c', script, 'sh', ...args];
}
