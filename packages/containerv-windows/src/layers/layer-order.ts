import { layerError } from './layer-error.js';

/**
 * Every layer below `top`, each above all of its parents, and parents in the order of the chain that lists them.
 * Where chains leave the order open, a layer's own parents come before its neighbours.
 *
 * @param parents the chain of each layer, nearest parent first
 * @throws ContainervError `ERR_CONTAINERV_LAYER` for a layer that is its own parent, directly or not.
 */
export function orderLayers(top: string, parents: ReadonlyMap<string, readonly string[]>): string[] {
  const below = edges(parents);
  const placed: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  // Depth first, each layer put in front of all that has been placed: what is below it is placed before it.
  const visit = (layer: string, path: readonly string[]): void => {
    if (state.get(layer) === 'done') return;
    if (state.get(layer) === 'open') throw circle([...path, layer]);
    state.set(layer, 'open');
    // Backwards, so that the first parent is placed last and ends up nearest.
    for (const next of [...(below.get(layer) ?? [])].toReversed()) visit(next, [...path, layer]);
    state.set(layer, 'done');
    placed.unshift(layer);
  };
  visit(top, []);
  return placed.filter((layer) => layer !== top);
}

/** A layer is above its parents, and each entry of a chain is above the next one. */
function edges(parents: ReadonlyMap<string, readonly string[]>): Map<string, Set<string>> {
  const below = new Map<string, Set<string>>();
  const add = (upper: string, lower: string): void => {
    const set = below.get(upper) ?? new Set();
    below.set(upper, set.add(lower));
  };
  for (const [layer, chain] of parents) {
    for (const parent of chain) add(layer, parent);
  }
  for (const chain of parents.values()) {
    for (const [index, parent] of chain.entries()) {
      const next = chain[index + 1];
      if (next !== undefined) add(parent, next);
    }
  }
  return below;
}

function circle(path: readonly string[]): Error {
  const last = path.at(-1) ?? '';
  const steps = path.slice(path.indexOf(last));
  return layerError(
    `Layers lead in a circle: ${steps.join(' -> ')}`,
    last,
    'One of their layerchain.json files is wrong. Import the image again.',
  );
}
