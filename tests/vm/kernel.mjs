// A stock Debian kernel: fetched as a package, unpacked beside nothing of the machine's own.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory, placeWhole } from './cache.mjs';
import { output } from './command.mjs';

const PACKAGE = 'linux-image-6.12-cloud-amd64';
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const XZ = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]);

/**
 * @typedef {object} Kernel
 * @property {string} version
 * @property {string} vmlinux an ELF image, which QEMU boots without unpacking
 * @property {string} modules the directory of them
 */

/** @returns {Kernel} */
export function fetchKernel() {
  const cache = cacheDirectory();
  const found = readdirSync(cache).find((name) => /^linux-image-[\d.]+.*-amd64$/.test(name));
  const name = found ?? download(cache);
  const version = name.slice('linux-image-'.length);
  const root = path.join(cache, name);
  const vmlinux = path.join(root, 'vmlinux');
  if (!existsSync(vmlinux)) {
    const image = readFileSync(path.join(root, 'boot', `vmlinuz-${version}`));
    placeWhole(vmlinux, (staged) => writeFileSync(staged, unpackImage(image)));
  }
  return { version, vmlinux, modules: path.join(root, 'lib/modules', version, 'kernel') };
}

/** @param {string} cache */
function download(cache) {
  // The package with the version in its name is what the one without depends on.
  const depends = output('apt-cache', ['depends', PACKAGE]).toString();
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (name === undefined) throw new Error(`apt-get knows no ${PACKAGE}. Run: apt-get update`);
  announce(name, cache);
  output('apt-get', ['download', name], { cwd: cache });
  const archive = readdirSync(cache).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
  if (archive === undefined) throw new Error(`apt-get download left no ${name}`);
  placeWhole(path.join(cache, name), (staged) =>
    output('dpkg-deb', ['-x', path.join(cache, archive), staged]),
  );
  return name;
}

/**
 * Nobody is to wonder what is fetched, or where it stays.
 * @param {string} name
 * @param {string} cache
 */
function announce(name, cache) {
  const bytes = Number(/^Size: (\d+)$/m.exec(output('apt-cache', ['show', name]).toString())?.[1]);
  const size = Number.isNaN(bytes) ? 'of unknown size' : `${Math.ceil(bytes / 1e6)} MB`;
  console.error(
    `tests/vm: downloading ${name} (${size}) with apt-get, once, into ${cache}; without: CONTAINERV_TEST_VM=off`,
  );
}

/**
 * The payload of a bzImage (Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length).
 * @param {Buffer} image
 */
function unpackImage(image) {
  const start = (image.readUInt8(0x1f1) + 1) * 512 + image.readUInt32LE(0x248);
  const payload = image.subarray(start, start + image.readUInt32LE(0x24c));
  if (payload.subarray(0, ZSTD.length).equals(ZSTD)) return outputOf('zstd', payload);
  if (payload.subarray(0, XZ.length).equals(XZ)) return outputOf('xz', payload);
  throw new Error('The kernel image is compressed in a way that is not known here');
}

/**
 * Behind the payload are four bytes of its length, which the unpackers would complain about.
 * @param {string} command
 * @param {Buffer} payload
 */
function outputOf(command, payload) {
  return output(command, ['-dc'], { input: payload.subarray(0, payload.length - 4) });
}
