import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runDirectory } from './suite.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGES = ['containerv-api', 'containerv-policy', 'containerv-linux', 'containerv', 'serve-exec'];

/**
 * The built packages and `fixtures/owners` once more, where every user of the machine may go: a clone may well be in
 * root's own directory. Gives the copy of a file of either.
 */
export function openCopy(file: string): string {
  const copy = path.join(runDirectory, `open-${process.pid}`);
  if (!existsSync(copy)) {
    for (const name of PACKAGES) {
      const target = path.join(copy, 'node_modules', name);
      mkdirSync(target, { recursive: true });
      for (const part of ['package.json', 'dist'])
        cpSync(path.join(repository, 'packages', name, part), path.join(target, part), { recursive: true });
    }
    cpSync(path.join(repository, 'tests/fixtures/owners'), path.join(copy, 'owners'), { recursive: true });
    openAll(copy);
  }
  const packages = path.join(repository, 'packages');
  return file.startsWith(packages)
    ? path.join(copy, 'node_modules', path.relative(packages, file))
    : path.join(copy, 'owners', path.basename(file));
}

/** Whatever umask the build had. */
function openAll(file: string): void {
  const { mode } = statSync(file);
  chmodSync(file, mode | ((mode & 0o111) === 0 ? 0o444 : 0o555));
  if (!statSync(file).isDirectory()) return;
  for (const name of readdirSync(file)) openAll(path.join(file, name));
}
