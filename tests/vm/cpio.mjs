/**
 * An archive as the kernel unpacks it for its first file system (`newc`, cpio(5)).
 * @param {readonly { readonly name: string; readonly mode: number; readonly content?: Buffer }[]} entries
 */
export function cpio(entries) {
  const parts = entries.map(({ name, mode, content = Buffer.alloc(0) }, index) =>
    entry(name, mode, content, index + 1),
  );
  return Buffer.concat([...parts, entry('TRAILER!!!', 0, Buffer.alloc(0), 0)]);
}

/**
 * @param {string} name
 * @param {number} mode
 * @param {Buffer} content
 * @param {number} inode
 */
function entry(name, mode, content, inode) {
  const path = Buffer.from(`${name}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, path.length, 0];
  const header = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), path])), padded(content)]);
}

/** @param {Buffer} bytes */
function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
