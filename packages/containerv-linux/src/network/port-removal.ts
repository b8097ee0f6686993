import type { NetlinkExchange } from '../native.js';
import { deleteTable } from '../netlink/nft-table.js';
import { deleteLinkAt, getLink } from '../netlink/route-messages.js';
import { routeExchange, rulesExchange } from './exchange.js';

const ENOENT = 2;
const ENODEV = 19;
const REMOVE = 'remove network';

/** Removes a container's link and the rules for it; what is gone already is no failure. */
export function portRemoval(name: string, index: number): NetlinkExchange[] {
  return [
    ...rulesRemoval(name),
    routeExchange(REMOVE, (writer) => deleteLinkAt(writer, index), { tolerated: [ENODEV] }),
  ];
}

/** Removes the rules for a link that is gone; for one that is there, nothing. */
export function orphanRemoval(name: string): NetlinkExchange[] {
  return [
    routeExchange('look at networks', (writer) => getLink(writer, name), {
      tolerated: [ENODEV],
      lastWhenAnswered: true,
    }),
    ...rulesRemoval(name),
  ];
}

function rulesRemoval(name: string): NetlinkExchange[] {
  return (['netdev', 'inet'] as const).map((family) =>
    rulesExchange(REMOVE, deleteTable(family, name), { tolerated: [ENOENT] }),
  );
}
