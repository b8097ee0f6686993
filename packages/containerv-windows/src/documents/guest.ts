import { conflictingOptions, type ContainerSpec } from 'containerv-api';
import { BUILD } from '../windows-host.js';

/** What runs inside, how apart from the host, and in which form HCS is told. */
export interface Guest {
  readonly os: 'windows' | 'linux';
  readonly isolation: 'process' | 'hyperv';
  readonly schema: SchemaVersion;
}

export type SchemaVersion = 'v1' | 'v2';

/**
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` for a Linux container that shares the Windows kernel.
 */
export function guestOf(spec: Pick<ContainerSpec, 'windows'>, build: number): Guest {
  const os = spec.windows?.containerType ?? 'windows';
  const isolation = spec.windows?.isolation ?? 'hyperv';
  if (os === 'linux' && isolation === 'process') {
    throw conflictingOptions(
      "A Linux container on Windows needs a kernel of its own: `windows.isolation` cannot be 'process'",
    );
  }
  const schema = build < BUILD.rs5 ? 'v1' : (spec.windows?.schema ?? 'v2');
  return { os, isolation, schema };
}
