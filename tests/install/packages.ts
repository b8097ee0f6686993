import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const PACKAGES = [
  'containerv-api',
  'containerv-policy',
  'containerv-linux',
  'containerv',
  'serve-exec',
] as const;
export type PackageName = (typeof PACKAGES)[number];

export const repository: string = fileURLToPath(new URL('../..', import.meta.url));
const pnpm = path.join(repository, 'tools/pnpm/node_modules/.bin/pnpm');

/** Packs every package as `pnpm publish` would. Returns the tarballs. */
export function packAll(directory: string): Readonly<Record<PackageName, string>> {
  mkdirSync(directory, { recursive: true });
  const packed = PACKAGES.map((name) => {
    const home = path.join(repository, 'packages', name);
    execFileSync(pnpm, ['pack', '--pack-destination', directory], { cwd: home, stdio: 'pipe' });
    const { version } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')) as {
      version: string;
    };
    return [name, path.join(directory, `${name}-${version}.tgz`)];
  });
  return Object.fromEntries(packed) as Record<PackageName, string>;
}

export interface TarEntry {
  /** As `ls -l` prints it: `-rwxr-xr-x`. */
  readonly mode: string;
  /** Without the leading `package/`. */
  readonly path: string;
}

export function tarEntries(tarball: string): TarEntry[] {
  const listing = execFileSync('tar', ['-tvzf', tarball], { encoding: 'utf8' });
  return listing
    .trim()
    .split('\n')
    .map((line) => {
      const [mode = '', , , , , name = ''] = line.split(/\s+/);
      return { mode, path: name.replace(/^package\//, '') };
    });
}

export function tarFile(tarball: string, name: string): Buffer {
  return execFileSync('tar', ['-xOzf', tarball, `package/${name}`], { maxBuffer: 64 * 1024 ** 2 });
}
