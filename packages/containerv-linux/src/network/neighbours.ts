import { constants } from 'node:fs';
import { chmod, open, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Native } from '../native.js';
import { listLinks } from '../netlink/route-messages.js';
import { type Link, readLinks } from '../netlink/route-replies.js';
import { type Bridge, ipv6Of } from './bridge.js';
import { routeExchange } from './exchange.js';
import { type NamedAddresses, namesOf, withNeighbours } from './hosts-file.js';
import { formatAddress } from './ip.js';
import { portAddress, type PortOwner, portOwner, REGISTRY } from './names.js';

interface Neighbour extends NamedAddresses {
  readonly owner: PortOwner;
}

const MAX_ROUNDS = 50;

/** The file that is /etc/hosts in a container on a bridge that others are on too. */
export function hostsPath(token: string): string {
  return path.join(REGISTRY, token, 'hosts');
}

/** What of it is the container's own; never changed, so that whoever writes names finds it whole. */
function ownPath(token: string): string {
  return path.join(REGISTRY, token, 'own');
}

/** From here on the container is told of its neighbours. */
export async function writeOwnHosts(token: string, own: string): Promise<void> {
  const staged = `${ownPath(token)}.new`;
  await writeFile(staged, own);
  await rename(staged, ownPath(token));
  await chmod(hostsPath(token), 0o644);
}

/**
 * Writes into every container's /etc/hosts who else is on the bridge. Whoever changes a bridge does so afterwards, and
 * looks again when it has written: the last one to write has seen everybody, without a lock among programs.
 */
export async function tellNeighbours(
  native: Native,
  bridge: Pick<Bridge, 'name' | 'prefix6'>,
): Promise<void> {
  let known = await neighboursOn(native, bridge);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    await Promise.all(known.map(async ({ owner }) => writeHosts(owner.token, othersThan(owner, known))));
    const now = await neighboursOn(native, bridge);
    if (JSON.stringify(now) === JSON.stringify(known)) return;
    known = now;
  }
}

function othersThan({ token }: PortOwner, all: readonly Neighbour[]): Neighbour[] {
  return all.filter(({ owner }) => owner.token !== token);
}

async function neighboursOn(native: Native, bridge: Pick<Bridge, 'name' | 'prefix6'>): Promise<Neighbour[]> {
  const master = native.interfaceIndex(bridge.name);
  if (master === 0) return [];
  const [links] = await native.netlink({
    lock: '',
    exclusive: false,
    exchanges: [routeExchange('look at networks', (writer) => listLinks(writer, { master }))],
  });
  return readLinks(links?.replies ?? Buffer.alloc(0))
    .flatMap((link) => neighbour(link, bridge))
    .sort((a, b) => (a.owner.token < b.owner.token ? -1 : 1));
}

function neighbour({ name, alias }: Link, bridge: Pick<Bridge, 'prefix6'>): Neighbour[] {
  const owner = portOwner(alias);
  const v4 = portAddress(name);
  if (owner === undefined || v4 === undefined) return [];
  const v6 = ipv6Of(bridge, v4);
  const addresses = [formatAddress(v4, 'inet'), ...(v6 === undefined ? [] : [formatAddress(v6, 'inet6')])];
  return [{ owner, addresses, names: namesOf(owner) }];
}

/**
 * In place, as the file is mounted in its container. When two write at once, the one that knows less sees so afterwards
 * and writes again. A container that is gone, or not that far yet, has no file.
 */
async function writeHosts(token: string, others: readonly Neighbour[]): Promise<void> {
  try {
    const bytes = Buffer.from(withNeighbours(await readFile(ownPath(token), 'utf8'), others));
    await using file = await open(hostsPath(token), constants.O_WRONLY | constants.O_NOFOLLOW);
    await file.write(bytes, 0, bytes.length, 0);
    await file.truncate(bytes.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
