import { onRootMount } from './host-view.js';

/** A part of the host that init gets as a mount of its own, in which owners are mapped. */
export interface SourceTree {
  readonly path: string;
  /** With what is mounted below. */
  readonly recursive: boolean;
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

  /** Any path of the host, followed to where it leads. */
  of(path: string, recursive: boolean): string {
    return this.#mapped ? this.#place({ path, recursive }) : path;
  }

  /** A path of the host's own system, without what is mounted below. */
  ofSystem(path: string): string {
    if (!this.#mapped) return path;
    return this.#isOnRootMount(path)
      ? `${this.#place({ path: '/', recursive: false })}${path}`
      : this.#place({ path, recursive: false });
  }

  #place({ path, recursive }: SourceTree): string {
    const known = this.#trees.findIndex((tree) => tree.path === path && tree.recursive === recursive);
    return `trees/${known >= 0 ? known : this.#trees.push({ path, recursive }) - 1}`;
  }
}
