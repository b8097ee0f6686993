import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { output } from './command.mjs';

/** For the machine itself, then what containers use. What is built into the kernel is no module. */
const WANTED = `
  virtio_pci virtio_console virtiofs virtio_blk overlay
  squashfs erofs loop fuse tun veth bridge dummy
  nf_tables nft_chain_nat nft_nat nft_masq nft_redir nft_ct nft_limit nft_log nft_reject_inet nft_fib_inet
`
  .trim()
  .split(/\s+/);

/**
 * The modules, each after those that it needs.
 * @param {string} directory
 * @returns {{ readonly name: string; readonly content: Buffer }[]}
 */
export function loadModules(directory) {
  /** @type {Map<string, string>} */
  const files = new Map();
  for (const file of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const name = /([^/]+)\.ko(\.xz|\.zst)?$/.exec(file)?.[1];
    if (name !== undefined) files.set(plain(name), path.join(directory, file));
  }
  /** @type {Map<string, Buffer>} */
  const loaded = new Map();
  const load = (/** @type {string} */ name) => {
    const file = files.get(name);
    if (file === undefined || loaded.has(name)) return;
    const content = unpack(file);
    for (const needed of dependencies(content)) load(needed);
    loaded.set(name, content);
  };
  for (const name of WANTED) load(name);
  return [...loaded].map(([name, content]) => ({ name, content }));
}

/** @param {string} name */
function plain(name) {
  return name.replaceAll('-', '_');
}

/** @param {string} file */
function unpack(file) {
  if (file.endsWith('.xz')) return output('xz', ['-dc', file]);
  return file.endsWith('.zst') ? output('zstd', ['-dc', file]) : readFileSync(file);
}

/**
 * The `depends` field of a module's .modinfo section, a list of NUL-terminated `name=value`.
 * @param {Buffer} content
 */
function dependencies(content) {
  const at = content.indexOf('\0depends=');
  if (at < 0) return [];
  const start = at + '\0depends='.length;
  const names = content.toString('latin1', start, content.indexOf(0, start));
  return names
    .split(',')
    .filter((name) => name !== '')
    .map(plain);
}
