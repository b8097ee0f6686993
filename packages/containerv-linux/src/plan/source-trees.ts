import { ContainervError } from 'containerv-api';
import type { DeviceNode } from './devices.js';
import { onRootMount } from './host-view.js';

/** `kMaxTrees` of `native/common/protocol.h`. */
const MAX_TREES = 600;

/** A part of the host that init gets as a mount of its own. */
export interface SourceTree {
  readonly path: string;
  /** With what is mounted below. */
  readonly recursive: boolean;
  /** Owners are mapped by the container's user namespace. */
  readonly mapped: boolean;
  /** The file system in that file. */
  readonly image: boolean;
  /** Not empty: a new file system with these nodes, called 0 and so on. */
  readonly devices: readonly DeviceNode[];
}

/**
 * The places that init finds what it shows of the host at. Unless owners are to be mapped, those are the host's own
 * paths; otherwise places in mounts that the driver makes and that init attaches in its staging tmpfs as `trees/0` and
 * so on. Much of what is shown is in one mount, the one at `/`, of which one mapped mount is enough.
 */
export class SourceTrees {
  readonly #mapped: boolean;
  readonly #isOnRootMount: (path: string) => boolean;
  readonly #trees: SourceTree[] = [];

  constructor(mapped: boolean, isOnRootMount: (path: string) => boolean = onRootMount) {
    this.#mapped = mapped;
    this.#isOnRootMount = isOnRootMount;
  }

  get list(): readonly SourceTree[] {
    return this.#trees;
  }

  /** A file with a file system, which only the driver can mount. */
  ofImage(path: string): string {
    return this.#place(path, { image: true });
  }

  /** A file system with device nodes. */
  ofDevices(devices: readonly DeviceNode[]): string {
    return this.#add({ path: 'devices', recursive: false, image: false, mapped: false, devices });
  }

  /** Any path of the host, followed to where it leads. */
  of(path: string, recursive: boolean): string {
    return this.#mapped ? this.#place(path, { recursive }) : path;
  }

  /** A path of the host's own system, without what is mounted below. */
  ofSystem(path: string): string {
    if (!this.#mapped) return path;
    return this.#isOnRootMount(path) ? `${this.#place('/')}${path}` : this.#place(path);
  }

  #place(path: string, { recursive = false, image = false }: Partial<SourceTree> = {}): string {
    const known = this.#trees.findIndex(
      (tree) => tree.path === path && tree.recursive === recursive && tree.image === image,
    );
    if (known >= 0) return `trees/${known}`;
    return this.#add({ path, recursive, image, mapped: this.#mapped, devices: [] });
  }

  #add(tree: SourceTree): string {
    if (this.#trees.length === MAX_TREES) throw tooMany();
    return `trees/${this.#trees.push(tree) - 1}`;
  }
}

function tooMany(): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_INVALID_OPTION',
    `\`layers\` and \`mounts\` show more than ${MAX_TREES} places of the host`,
    {
      step: 'compose root',
      hint: 'Mount a directory that holds several of them, or merge layers.',
    },
  );
}
