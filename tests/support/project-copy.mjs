import { chmodSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { workingDirectory } from './working-directory.mjs';

export const project = fileURLToPath(new URL('../..', import.meta.url));

/**
 * A copy of the packages and tests, as they are built, for a build that is not to be theirs.
 * @param {string} name @param {(source: string) => boolean} [filter] what is copied
 */
export function copyProject(name, filter = () => true) {
  const copy = mkdtempSync(path.join(workingDirectory(), `containerv-${name}-`));
  // Tests have other users run programs of it.
  chmodSync(copy, 0o755);
  for (const part of ['packages', 'tests', 'docs', 'package.json', 'tsconfig.json', 'tsconfig.base.json'])
    cpSync(path.join(project, part), path.join(copy, part), {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
      filter,
    });
  symlinkSync(path.join(project, 'node_modules'), path.join(copy, 'node_modules'));
  return { directory: copy, remove: () => rmSync(copy, { recursive: true, force: true }) };
}

/** Where the driver of a copy looks for its programs. @param {string} copy */
export function nativeDirectory(copy) {
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  const libc = header.glibcVersionRuntime === undefined ? 'musl' : 'gnu';
  return path.join(copy, 'packages/containerv-linux/dist/native', `${process.arch}-${libc}`);
}

/** What is built of `native`. */
export const PROGRAMS = ['containerv.node', 'containerv-init', 'serve-exec'];
