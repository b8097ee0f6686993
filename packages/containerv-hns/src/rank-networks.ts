import { ContainervError } from 'containerv-api';
import type { HnsNetwork } from './hns-network.js';

/** A network with what speaks for it. */
export interface RankedNetwork {
  readonly network: HnsNetwork;
  /** Hundreds for how the name matches, tens for the type. */
  readonly score: number;
  /** `"switch name is 'Default Switch'; type ICS"`. */
  readonly reason: string;
}

export interface ExplainedNetwork extends RankedNetwork {
  /** Whether {@link selectNetwork} takes this one. */
  readonly selected: boolean;
}

// More apart than all of the type preference, so that no type ever outweighs a name.
const SWITCH_NAME = 300;
const NAME = 200;
const PART = 100;
// A map: the type comes from outside, and every object has a `constructor`.
const TYPE_PREFERENCE: ReadonlyMap<string, number> = new Map([
  ['nat', 20],
  ['ics', 10],
]);

/**
 * Every network, best first: those whose switch has the wanted name, then those that have it themselves, then those
 * where it is part of either; within one of these, NAT before ICS before all others; then as HNS lists them. Case does
 * not count, and `*` and `?` stand for themselves.
 *
 * @param wanted name of a virtual switch or network; `undefined` or empty: only types count
 */
export function rankNetworks(networks: readonly HnsNetwork[], wanted?: string): RankedNetwork[] {
  const name = wanted === undefined || wanted === '' ? undefined : fold(wanted);
  const ranked = networks.map((network) => rank(network, name));
  // Stable: equal ones stay in the order of HNS.
  return ranked.sort((a, b) => b.score - a.score);
}

/** {@link rankNetworks} with a mark at the one that is taken, for people who wonder why. */
export function explain(networks: readonly HnsNetwork[], wanted?: string): ExplainedNetwork[] {
  return rankNetworks(networks, wanted).map((ranked, index) => ({ ...ranked, selected: index === 0 }));
}

/**
 * The network that a container joins. When none has the wanted name, the best of the others.
 * @throws ContainervError `ERR_CONTAINERV_HNS` when the host has no network at all.
 */
export function selectNetwork(networks: readonly HnsNetwork[], wanted?: string): HnsNetwork {
  const [best] = rankNetworks(networks, wanted);
  if (best !== undefined) return best.network;
  throw new ContainervError(
    'ERR_CONTAINERV_HNS',
    'Networking cannot be configured: this host has no network of the Host Networking Service',
    {
      step: 'select network',
      hint: "Create one as administrator: New-HnsNetwork -Type nat -Name nat -AddressPrefix 172.20.0.0/16 -Gateway 172.20.0.1; or create the container with network: 'none'.",
    },
  );
}

function rank(network: HnsNetwork, name: string | undefined): RankedNetwork {
  const match = matchOf(network, name);
  const preference = TYPE_PREFERENCE.get(fold(network.type)) ?? 0;
  return { network, score: match.score + preference, reason: `${match.reason}; type ${network.type}` };
}

function matchOf(network: HnsNetwork, name: string | undefined): { score: number; reason: string } {
  if (name === undefined) return { score: 0, reason: 'no name was asked for' };
  const switchName = network.switchName === undefined ? undefined : fold(network.switchName);
  if (switchName === name) {
    return { score: SWITCH_NAME, reason: `switch name is '${network.switchName}'` };
  }
  const own = fold(network.name);
  if (own === name) return { score: NAME, reason: `name is '${network.name}'` };
  if (switchName?.includes(name) === true) {
    return { score: PART, reason: `name is part of switch name '${network.switchName}'` };
  }
  if (own.includes(name)) return { score: PART, reason: `name is part of '${network.name}'` };
  return { score: 0, reason: 'name does not match' };
}

function fold(text: string): string {
  return text.toLowerCase();
}
