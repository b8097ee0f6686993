/** A rule at the place in the container that it was found to be for. */
export interface PlacedRule {
  /** Without links in it. */
  readonly path: string;
  /** The number of the mount that this is in. */
  readonly mount: number;
  /** FsAccess bits. */
  readonly access: number;
}

interface MountPoint {
  readonly parent: number;
  readonly path: string;
}

/**
 * What rules give everything in a mount because of what it is mounted below: a directory covers what is below it, mounts
 * included. By the mounts' numbers; those without any right are left out.
 *
 * Goes from each mount to the one that it lies in, as the kernel does. A rule counts for what is mounted in its own mount,
 * not for a place of the same name that another mount hides.
 *
 * @param mountinfo of a process in the container (proc_pid_mountinfo(5))
 */
export function rightsOfMounts(mountinfo: string, rules: readonly PlacedRule[]): Map<number, number> {
  const mounts = new Map(mountinfo.split('\n').flatMap(parseMount));
  const rights = new Map<number, number>();
  const rightsOf = (id: number): number => {
    const known = rights.get(id);
    const mount = mounts.get(id);
    if (known !== undefined || mount === undefined) return known ?? 0;
    // The topmost may be its own parent.
    rights.set(id, 0);
    const isTopmost = mount.parent === id || !mounts.has(mount.parent);
    const above = rules.filter((rule) => rule.mount === mount.parent && isWithin(mount.path, rule.path));
    const inherited = isTopmost ? 0 : above.reduce((sum, { access }) => sum | access, rightsOf(mount.parent));
    rights.set(id, inherited);
    return inherited;
  };
  for (const id of mounts.keys()) rightsOf(id);
  return new Map([...rights].filter(([, access]) => access !== 0));
}

function isWithin(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

function parseMount(line: string): [number, MountPoint][] {
  const [id, parent, , , path] = line.split(' ');
  if (id === undefined || parent === undefined || path === undefined) return [];
  return [[Number(id), { parent: Number(parent), path: unescape(path) }]];
}

/** Blanks and backslashes in a path are written as \ooo. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}
