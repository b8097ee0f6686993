import {
  checkArray,
  checkInteger,
  checkOptions,
  conflictingOptions,
  invalidOption,
} from '../option-check.js';

/** One line of a user namespace's id map: `size` ids from `container` on are `host` and up on the host. */
export interface IdMapping {
  readonly host: number;
  readonly container: number;
  readonly size: number;
}

/** `'auto'`: the driver chooses ids that belong to nobody else. */
export type IdMap = readonly IdMapping[] | 'auto';

/** Ids are below 2^31: larger ones are negative to half of user space, and 2^32-1 means "leave unchanged". */
export const MAX_ID: number = 2 ** 31 - 1;
// The kernel's UID_GID_MAP_MAX_EXTENTS.
const MAX_MAPPINGS = 340;

export function resolveIdMap(map: IdMap | undefined, option: string): IdMap {
  if (map === undefined || map === 'auto') return 'auto';
  const mappings = checkArray(map, option).map((mapping, index) =>
    resolveMapping(mapping, `${option}[${index}]`),
  );
  if (mappings.length === 0 || mappings.length > MAX_MAPPINGS) {
    throw invalidOption(option, `'auto' or an array of 1 to ${MAX_MAPPINGS} id mappings`, map);
  }
  for (const side of ['host', 'container'] as const) refuseOverlap(mappings, side, option);
  return mappings;
}

function resolveMapping(mapping: IdMapping, option: string): IdMapping {
  checkOptions(mapping, option, ['host', 'container', 'size']);
  const host = checkInteger(mapping.host, `${option}.host`, 0, MAX_ID);
  const container = checkInteger(mapping.container, `${option}.container`, 0, MAX_ID);
  const room = MAX_ID + 1 - Math.max(host, container);
  return { host, container, size: checkInteger(mapping.size, `${option}.size`, 1, room) };
}

function refuseOverlap(mappings: readonly IdMapping[], side: 'host' | 'container', option: string): void {
  const sorted = [...mappings].sort((a, b) => a[side] - b[side]);
  for (const [index, mapping] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next !== undefined && mapping[side] + mapping.size > next[side]) {
      throw conflictingOptions(`\`${option}\` maps ${side} id ${next[side]} twice`);
    }
  }
}
