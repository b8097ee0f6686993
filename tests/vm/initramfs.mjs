import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory, placeWhole } from './cache.mjs';
import { output } from './command.mjs';
import { cpio } from './cpio.mjs';
import { loadModules } from './modules.mjs';

const DIRECTORY = 0o040755;
const PROGRAM = 0o100755;
const FILE = 0o100644;
const INIT = fileURLToPath(new URL('guest/init.c', import.meta.url));

/**
 * The guest's process 1 and its modules, made once for each kernel and version of that program.
 * @param {import('./kernel.mjs').Kernel} kernel
 */
export function makeInitramfs({ version, modules }) {
  const recipe = [
    INIT,
    ...['initramfs.mjs', 'modules.mjs'].map((name) => fileURLToPath(new URL(name, import.meta.url))),
  ];
  const digest = createHash('sha256').update(version);
  for (const file of recipe) digest.update(readFileSync(file));
  const target = path.join(cacheDirectory(), `initramfs-${digest.digest('hex').slice(0, 16)}.cpio`);
  if (existsSync(target)) return readFileSync(target);
  const init = `${target}.init`;
  output(process.env['CC'] || 'cc', ['-O2', '-Wall', '-Wextra', '-Werror', '-static', INIT, '-o', init]);
  const archive = cpio([
    ...['dev', 'proc', 'modules'].map((name) => ({ name, mode: DIRECTORY })),
    { name: 'init', mode: PROGRAM, content: readFileSync(init) },
    ...loadModules(modules).map(({ name, content }, index) => ({
      name: `modules/${String(index).padStart(3, '0')}-${name}.ko`,
      mode: FILE,
      content,
    })),
  ]);
  placeWhole(target, (staged) => writeFileSync(staged, archive));
  return archive;
}

/**
 * @typedef {object} Job
 * @property {number} uid
 * @property {string} directory
 * @property {Readonly<Record<string, string>>} env
 * @property {readonly string[]} argv the first one absolute
 */

/**
 * One command, as `guest/init.c` reads it; unpacked by the kernel after the rest.
 * @param {Job & { readonly descriptors: number }} job
 */
export function encodeJob({ uid, directory, descriptors, env, argv }) {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const words = [uid, directory, descriptors, variables.length, ...variables, ...argv];
  return cpio([{ name: 'job', mode: FILE, content: Buffer.from(words.map((word) => `${word}\0`).join('')) }]);
}
