import type { Native } from '../native.js';
import { listTables } from '../netlink/nft-table.js';
import { listLinks } from '../netlink/route-messages.js';
import { readLinks, readTables } from '../netlink/route-replies.js';
import { bridgeRemoval, unlessThere } from './bridge.js';
import { routeExchange, rulesExchange } from './exchange.js';
import { bridgeKind, LOCK, portAddress, portOwner, tableBridge, uniqueLocalPrefix } from './names.js';
import { tellNeighbours } from './neighbours.js';
import { asNetworkError } from './network-error.js';
import { orphanRemoval, portRemoval } from './port-removal.js';

/** Takes the container with that token off its network, if the kernel has not done so already. */
export async function releaseDead(native: Native, token: string): Promise<void> {
  try {
    const [links] = await native.netlink({
      lock: '',
      exclusive: false,
      exchanges: [routeExchange('look at networks', (writer) => listLinks(writer, { kind: 'veth' }))],
    });
    const port = readLinks(links?.replies ?? Buffer.alloc(0)).find(
      ({ alias }) => portOwner(alias)?.token === token,
    );
    if (port === undefined) return;
    await native.netlink({ lock: LOCK, exclusive: true, exchanges: portRemoval(port.name, port.index) });
  } catch (error) {
    throw asNetworkError(error);
  }
}

/** Removes rules whose interface is gone and bridges that nobody is on, and tells those that are left of each other. */
export async function sweepNetworks(native: Native): Promise<void> {
  try {
    const [links, ...tables] = await native.netlink({
      lock: '',
      exclusive: false,
      exchanges: [
        routeExchange('look at networks', (writer) => listLinks(writer, { kind: 'bridge' })),
        rulesExchange('look at networks', listTables('netdev')),
        rulesExchange('look at networks', listTables('inet')),
      ],
    });
    const names = new Set(tables.flatMap(({ replies }) => readTables(replies)));
    for (const name of names) {
      const bridge = tableBridge(name);
      if (native.interfaceIndex(bridge ?? name) !== 0) continue;
      // Who made or removed a bridge may have died between it and its rules.
      if (bridge !== undefined)
        await native.netlink({ lock: LOCK, exclusive: true, exchanges: unlessThere(bridge) });
      else if (portAddress(name) !== undefined)
        await native.netlink({ lock: LOCK, exclusive: true, exchanges: orphanRemoval(name) });
    }
    for (const { name, index, alias } of readLinks(links?.replies ?? Buffer.alloc(0))) {
      const kind = bridgeKind(alias);
      if (kind === undefined) continue;
      await native.netlink({ lock: LOCK, exclusive: true, exchanges: bridgeRemoval(name, index) });
      if (kind === 'shared') await tellNeighbours(native, { name, prefix6: uniqueLocalPrefix(name) });
    }
  } catch (error) {
    throw asNetworkError(error);
  }
}
