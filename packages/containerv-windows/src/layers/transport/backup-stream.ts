/** WIN32_STREAM_ID of BackupWrite: https://learn.microsoft.com/windows/win32/api/winbase/ns-winbase-win32_stream_id */
const STREAM = { data: 1, extendedAttributes: 2, security: 3, alternateData: 4, reparse: 8 } as const;
/** Of streams that hold a security descriptor. */
const STREAM_CONTAINS_SECURITY = 2;
const HEADER_BYTES = 20;

function header(id: number, attributes: number, size: number, name = ''): Buffer {
  const text = Buffer.from(name, 'utf16le');
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt32LE(id, 0);
  bytes.writeUInt32LE(attributes, 4);
  bytes.writeBigUInt64LE(BigInt(size), 8);
  bytes.writeUInt32LE(text.length, 16);
  return Buffer.concat([bytes, text]);
}

/** Before the content of a file. */
export function dataStream(size: number): Buffer {
  return header(STREAM.data, 0, size);
}

/** Before the content of an alternate stream of a file: `':name:$DATA'`. */
export function alternateStream(name: string, size: number): Buffer {
  return header(STREAM.alternateData, 0, size, `:${name}:$DATA`);
}

/** @param descriptor self-relative */
export function securityStream(descriptor: Buffer): Buffer {
  return Buffer.concat([header(STREAM.security, STREAM_CONTAINS_SECURITY, descriptor.length), descriptor]);
}

export function reparseStream(data: Buffer): Buffer {
  return Buffer.concat([header(STREAM.reparse, 0, data.length), data]);
}

/** FILE_FULL_EA_INFORMATION, one after the other: https://learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/ns-ntifs-_file_full_ea_information */
export function extendedAttributesStream(attributes: ReadonlyMap<string, Buffer>): Buffer {
  const entries = [...attributes].map(([name, value], index, all) => {
    const used = 8 + Buffer.byteLength(name) + 1 + value.length;
    const last = index === all.length - 1;
    const entry = Buffer.alloc(last ? used : Math.ceil(used / 4) * 4);
    entry.writeUInt32LE(last ? 0 : entry.length, 0);
    entry.writeUInt8(Buffer.byteLength(name), 5);
    entry.writeUInt16LE(value.length, 6);
    entry.write(`${name}\0`, 8, 'utf8');
    value.copy(entry, 8 + Buffer.byteLength(name) + 1);
    return entry;
  });
  const data = Buffer.concat(entries);
  return Buffer.concat([header(STREAM.extendedAttributes, 0, data.length), data]);
}

const TAG_MOUNT_POINT = 0xa000_0003;
const TAG_SYMLINK = 0xa000_000c;
const SYMLINK_RELATIVE = 1;

/** REPARSE_DATA_BUFFER of a symbolic link or a junction: https://learn.microsoft.com/openspecs/windows_protocols/ms-fscc */
export function linkReparseData(target: string, mountPoint: boolean): Buffer {
  const relative = !/^(?:[a-z]:)?[\\/]/i.test(target);
  const print = target.replaceAll('/', '\\');
  // The kernel's own spelling, for what is found by itself.
  const substitute =
    relative || print.startsWith('\\??\\') ? print : `\\??\\${print.replace(/^\\\\\?\\/, '')}`;
  const substituteText = Buffer.from(substitute, 'utf16le');
  const printText = Buffer.from(print, 'utf16le');
  const flags = mountPoint ? Buffer.alloc(0) : Buffer.alloc(4);
  if (!mountPoint && relative) flags.writeUInt32LE(SYMLINK_RELATIVE);
  const end = Buffer.alloc(2);
  const names = Buffer.concat([substituteText, end, printText, end]);
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(mountPoint ? TAG_MOUNT_POINT : TAG_SYMLINK, 0);
  bytes.writeUInt16LE(8 + flags.length + names.length, 4);
  bytes.writeUInt16LE(0, 8);
  bytes.writeUInt16LE(substituteText.length, 10);
  bytes.writeUInt16LE(substituteText.length + 2, 12);
  bytes.writeUInt16LE(printText.length, 14);
  return Buffer.concat([bytes, flags, names]);
}
