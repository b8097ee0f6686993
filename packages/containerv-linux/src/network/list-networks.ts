import { existsSync } from 'node:fs';
import type { NetworkInfo } from 'containerv-api';
import { native } from '../native.js';
import { listAddresses, listLinks } from '../netlink/route-messages.js';
import { readAddresses, readLinks } from '../netlink/route-replies.js';
import { routeExchange } from './exchange.js';
import { addressFrom, formatAddress } from './ip.js';
import { bridgeKind, portAddress, portOwner, REGISTRY } from './names.js';
import { asNetworkError } from './network-error.js';
import { describeSubnet, subnetOf } from './subnet.js';

/** The private networks of this machine, of every program, by name. */
export async function listNetworks(): Promise<NetworkInfo[]> {
  // Nobody has made one since the machine was started.
  if (!existsSync(REGISTRY)) return [];
  try {
    const step = 'look at networks';
    const results = await native().netlink({
      lock: '',
      exclusive: false,
      exchanges: [routeExchange(step, (writer) => listLinks(writer, {})), routeExchange(step, listAddresses)],
    });
    const [links, addresses] = results.map(({ replies }) => replies) as [Buffer, Buffer];
    return describe(links, addresses);
  } catch (error) {
    throw asNetworkError(error);
  }
}

/** What the kernel's lists of links and addresses say of networks. */
function describe(links: Buffer, addresses: Buffer): NetworkInfo[] {
  const all = readLinks(links);
  const v4 = readAddresses(addresses).filter(({ bytes }) => bytes.length === 4);
  return all
    .flatMap(({ index, name, alias }): NetworkInfo[] => {
      const kind = bridgeKind(alias);
      const own = v4.find((address) => address.index === index);
      if (kind === undefined || own === undefined) return [];
      const hostIp = addressFrom(own.bytes);
      const containers = all
        .filter(({ master }) => master === index)
        .flatMap((link) => {
          const [owner, address] = [portOwner(link.alias), portAddress(link.name)];
          return owner === undefined || address === undefined
            ? []
            : [{ id: owner.id, address: formatAddress(address, 'inet') }];
        })
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      const subnet = describeSubnet(subnetOf(hostIp, own.prefixLength));
      return [{ name, subnet, hostIp: formatAddress(hostIp, 'inet'), shared: kind === 'shared', containers }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
