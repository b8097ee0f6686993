import {
  checkArray,
  checkBoolean,
  checkOptions,
  checkWord,
  conflictingOptions,
  invalidOption,
} from '../option-check.js';
import { cleanGuestPath } from './clean-path.js';
import { resolveHostPath } from './host-path.js';

/** One piece of a root file system. */
export interface Layer {
  /**
   * `'directory'`: a directory tree (a windowsfilter folder on Windows). `'image'`: a squashfs or erofs file.
   * `'overlay'`: a directory with overlay white-outs, such as a snapshot. `'host-directory'`: a directory of the host,
   * mounted at `target`.
   */
  readonly type: 'directory' | 'image' | 'overlay' | 'host-directory';
  /** Path on the host. */
  readonly source: string;
  /** Where it appears in the container; `'host-directory'` only, and required there. */
  readonly target?: string | undefined;
  /** Whether the container may not write to it; `'host-directory'` only. @defaultValue true */
  readonly readonly?: boolean | undefined;
}

/** Where writes to the root go. `false`: the root is read-only. `'direct'`: into the root directory itself. */
export type Writable = 'overlay' | 'tmpfs' | 'direct' | false;

export interface ResolvedLayer {
  readonly type: Layer['type'];
  readonly source: string;
  readonly target: string | undefined;
  readonly readonly: boolean;
}

export type ResolvedRoot =
  | { readonly kind: 'host' }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'layers'; readonly layers: readonly ResolvedLayer[] };

const LAYER_TYPES = ['directory', 'image', 'overlay', 'host-directory'] as const;

export interface RootOptions {
  readonly rootfs?: string | undefined;
  readonly layers?: readonly Layer[] | undefined;
  readonly writable?: Writable | undefined;
}

export function resolveRoot({ rootfs, layers }: RootOptions, cwd: string): ResolvedRoot {
  if (layers === undefined) {
    if (rootfs === undefined || rootfs === 'host') return { kind: 'host' };
    return { kind: 'directory', path: resolveHostPath(rootfs, 'rootfs', cwd) };
  }
  if (rootfs !== undefined) throw conflictingOptions('`rootfs` and `layers` exclude each other');
  const list = checkArray(layers, 'layers');
  if (list.length === 0) throw invalidOption('layers', 'an array of at least one layer', layers);
  return {
    kind: 'layers',
    layers: list.map((layer, index) => resolveLayer(layer, `layers[${index}]`, cwd)),
  };
}

export function resolveWritable(writable: Writable | undefined, root: ResolvedRoot): Writable {
  if (writable === undefined) return 'overlay';
  if (writable === false) return false;
  const where = checkWord(writable, 'writable', ['overlay', 'tmpfs', 'direct'], 'false');
  if (where === 'direct' && root.kind !== 'directory') {
    throw conflictingOptions(
      "`writable: 'direct'` needs a `rootfs` directory to write to",
      'Give `rootfs` a path.',
    );
  }
  return where;
}

function resolveLayer(layer: Layer, option: string, cwd: string): ResolvedLayer {
  checkOptions(layer, option, ['type', 'source', 'target', 'readonly']);
  const type = checkWord(layer.type, `${option}.type`, LAYER_TYPES);
  const onHost = type === 'host-directory';
  if (!onHost && (layer.target !== undefined || layer.readonly !== undefined)) {
    throw conflictingOptions(
      `\`target\` and \`readonly\` in \`${option}\` are for layers of type 'host-directory'`,
    );
  }
  return {
    type,
    source: resolveHostPath(layer.source, `${option}.source`, cwd),
    target: onHost ? cleanGuestPath(layer.target, `${option}.target`) : undefined,
    readonly: checkBoolean(layer.readonly ?? true, `${option}.readonly`),
  };
}
