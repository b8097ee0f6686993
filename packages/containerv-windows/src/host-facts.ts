import { availableParallelism, release } from 'node:os';
import { ContainervError } from 'containerv-api';
import { BUILD } from './windows-host.js';

/** What documents depend on of the machine that this runs on. */
export interface HostFacts {
  /** Build of Windows: `20348`. */
  readonly build: number;
  readonly processors: number;
  readonly arch: 'x64' | 'arm64';
}

export function hostFacts(): HostFacts {
  return {
    // '10.0.20348'
    build: Number(release().split('.')[2] ?? 0) || 0,
    processors: availableParallelism(),
    arch: process.arch === 'arm64' ? 'arm64' : 'x64',
  };
}

/** @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` */
export function refuseOldBuild({ build }: Pick<HostFacts, 'build'>): void {
  if (build >= BUILD.rs3) return;
  throw new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `This Windows is build ${build}, and containers need ${BUILD.rs3} or newer`,
    { step: 'check host', hint: 'Windows 10 1709, Windows Server 2019, or anything after them.' },
  );
}
