import path from 'node:path';

/** Where the control groups of one container are, for whoever reads them, also from another process. */
export interface GroupDirectories {
  /** v2: the one group; `null`: v1. */
  readonly unified: string | null;
  /** v1: the group of each controller. */
  readonly v1: Readonly<Record<string, string>>;
}

/** A container that could be given none. */
export const NO_GROUPS: GroupDirectories = { unified: null, v1: {} };

/** The group that has the files of a controller. */
export function directoryOf({ unified, v1 }: GroupDirectories, controller: string): string | undefined {
  return unified ?? v1[controller];
}

/** A group that is made when the container is first paused, for everything but init. */
export interface FreezerGroup {
  readonly directory: string;
  /** The file that says whether what is in the group stands still, and the words for it. */
  readonly file: string;
  readonly frozen: string;
  readonly thawed: string;
}

export function freezerOf({ unified, v1 }: GroupDirectories): FreezerGroup | undefined {
  if (unified !== null) {
    const directory = path.join(unified, 'paused');
    return { directory, file: path.join(directory, 'cgroup.freeze'), frozen: '1', thawed: '0' };
  }
  const directory = v1['freezer'];
  if (directory === undefined) return undefined;
  return { directory, file: path.join(directory, 'freezer.state'), frozen: 'FROZEN', thawed: 'THAWED' };
}
