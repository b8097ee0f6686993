import { cleanGuestPath, type ContainerSpec, conflictingOptions } from 'containerv-api';
import { checkVolumeName } from './volume-file.js';

/** A volume as a container asks for it. */
export interface WantedVolume {
  readonly name: string;
  /** In the container, absolute. */
  readonly target: string;
  readonly readonly: boolean;
}

/** @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` */
export function wantedVolumes({ windows }: Pick<ContainerSpec, 'windows'>): readonly WantedVolume[] {
  const names = new Set<string>();
  return (windows?.volumes ?? []).map((entry, index) => {
    const option = `windows.volumes[${index}]`;
    const wanted = typeof entry === 'string' ? { name: entry } : entry;
    const name = checkVolumeName(wanted.name, typeof entry === 'string' ? option : `${option}.name`);
    // Names are those of files, which differ in more than case.
    if (names.has(name.toLowerCase())) {
      throw conflictingOptions(`Volume '${name}' is in \`windows.volumes\` twice`);
    }
    names.add(name.toLowerCase());
    const target = cleanGuestPath(wanted.target ?? `/volumes/${name}`, `${option}.target`);
    return { name, target, readonly: wanted.readonly ?? false };
  });
}
