import { type ByteSize, parseByteSize } from '../byte-size.js';
import {
  checkArray,
  checkBoolean,
  checkOptions,
  checkWord,
  conflictingOptions,
  invalidOption,
} from '../option-check.js';
import { cleanGuestPath, isWithin } from './clean-path.js';
import { resolveHostPath } from './host-path.js';

/** Something mounted into the container, on top of its root. */
export interface Mount {
  /** Path on the host; `'bind'` only, and required there. */
  readonly source?: string | undefined;
  /** Absolute path in the container. Later mounts cover earlier ones. */
  readonly target: string;
  /** @defaultValue 'bind' */
  readonly type?: 'bind' | 'tmpfs' | undefined;
  /** Whether the container may not write to it, nor to anything mounted below it. @defaultValue false */
  readonly readonly?: boolean | undefined;
  /** Whether a missing `target` is made. @defaultValue true */
  readonly create?: boolean | undefined;
  /** Whether what is mounted below `source` comes along; `'bind'` only. @defaultValue true */
  readonly recursive?: boolean | undefined;
  /** How much it may hold; `'tmpfs'` only. @defaultValue the kernel's: half of the memory */
  readonly size?: ByteSize | undefined;
}

export type ResolvedMount = ResolvedBindMount | ResolvedTmpfsMount;

export interface ResolvedBindMount {
  readonly type: 'bind';
  readonly source: string;
  readonly target: string;
  readonly readonly: boolean;
  readonly create: boolean;
  readonly recursive: boolean;
}

export interface ResolvedTmpfsMount {
  readonly type: 'tmpfs';
  readonly target: string;
  readonly readonly: boolean;
  readonly create: boolean;
  readonly sizeBytes: number | undefined;
}

const NAMES = ['source', 'target', 'type', 'readonly', 'create', 'recursive', 'size'];

export function resolveMounts(mounts: readonly Mount[] | undefined, cwd: string): readonly ResolvedMount[] {
  return checkArray(mounts ?? [], 'mounts').map((mount, index) =>
    resolveMount(mount, `mounts[${index}]`, cwd),
  );
}

function resolveMount(mount: Mount, option: string, cwd: string): ResolvedMount {
  checkOptions(mount, option, NAMES);
  const type = checkWord(mount.type ?? 'bind', `${option}.type`, ['bind', 'tmpfs']);
  const common = {
    target: mountPoint(mount.target, `${option}.target`),
    readonly: checkBoolean(mount.readonly ?? false, `${option}.readonly`),
    create: checkBoolean(mount.create ?? true, `${option}.create`),
  };
  if (type === 'tmpfs') {
    refuse(mount, ['source', 'recursive'], option, 'bind');
    const sizeBytes = mount.size === undefined ? undefined : parseByteSize(mount.size, `${option}.size`);
    // The kernel reads size=0 as "no limit".
    if (sizeBytes === 0) throw invalidOption(`${option}.size`, 'more than 0', mount.size);
    return { type, ...common, sizeBytes };
  }
  refuse(mount, ['size'], option, 'tmpfs');
  return {
    type,
    source: resolveHostPath(mount.source, `${option}.source`, cwd),
    ...common,
    recursive: checkBoolean(mount.recursive ?? true, `${option}.recursive`),
  };
}

function mountPoint(path: string, option: string): string {
  const target = cleanGuestPath(path, option);
  // A container that chooses its own /proc chooses what its security profile is read from (CVE-2019-16884).
  if (target === '/' || isWithin(target, '/proc'))
    throw invalidOption(option, 'outside of / and /proc', path);
  return target;
}

function refuse(mount: Mount, names: readonly (keyof Mount)[], option: string, type: string): void {
  for (const name of names) {
    if (mount[name] !== undefined) {
      throw conflictingOptions(`\`${option}.${name}\` is for mounts of type '${type}'`);
    }
  }
}
