import { resolve } from 'node:path';
import type { ContainerOptions } from '../container-options.js';
import { resolveContainerOptions } from '../container-spec.js';
import { checkInteger, checkOptions, conflictingOptions } from '../option-check.js';
import type { PoolOptions } from './container-pool.js';

const MAX_SIZE = 1000;

export interface PoolSpec {
  readonly size: number;
  /** Of every container; nothing in them changes with the caller's objects or working directory any more. */
  readonly options: ContainerOptions;
  readonly signal: AbortSignal | undefined;
}

/** @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` */
export function resolvePoolOptions(options: PoolOptions): PoolSpec {
  if (typeof options !== 'object' || options === null) checkOptions(options, 'options', []);
  const { size, signal, ...rest } = options;
  for (const name of ['id', 'detached'] as const) {
    if ((rest as ContainerOptions)[name] === undefined) continue;
    throw conflictingOptions(
      `A pool has no \`${name}\``,
      'Its containers have ids of their own and end with this program.',
    );
  }
  resolveContainerOptions({ ...rest, signal });
  return { size: checkInteger(size, 'size', 1, MAX_SIZE), options: settled(rest), signal };
}

function settled(options: ContainerOptions): ContainerOptions {
  const copy = snapshot(options);
  const { rootfs, mounts, layers } = copy;
  return {
    ...copy,
    rootfs: rootfs === undefined || rootfs === 'host' ? rootfs : resolve(rootfs),
    mounts: mounts?.map((mount) => ('source' in mount ? withSource(mount) : mount)),
    layers: layers?.map((layer) => withSource(layer)),
  };
}

function withSource<Entry extends { readonly source?: string | undefined }>(entry: Entry): Entry {
  return entry.source === undefined ? entry : { ...entry, source: resolve(entry.source) };
}

/** Plain objects and arrays are copied, values such as policies are kept. */
function snapshot<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map((inner: unknown) => snapshot(inner)) as Value;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, snapshot(inner)])) as Value;
}
