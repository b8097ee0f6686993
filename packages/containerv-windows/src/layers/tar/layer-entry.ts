import { isWindowsPath } from '../../transfer/windows-name.js';
import { layerError } from '../layer-error.js';
import {
  extendedAttributesStream,
  linkReparseData,
  reparseStream,
  securityStream,
} from '../transport/backup-stream.js';
import type { TarEntry } from './read-tar.js';

/** What an entry of an OCI layer is to a Windows layer. */
export type LayerEntry =
  | {
      readonly kind: 'file' | 'directory' | 'link';
      /** Relative, with `/`: `'Files/Windows/notepad.exe'`. */
      readonly path: string;
      readonly attributes: number;
      /** What a backup stream has before the content. */
      readonly streams: Buffer;
    }
  | { readonly kind: 'stream'; readonly path: string; readonly stream: string }
  | { readonly kind: 'hive'; readonly path: string }
  | { readonly kind: 'hard-link'; readonly path: string; readonly target: string }
  | { readonly kind: 'tombstone'; readonly path: string };

const FILES = 'Files/';
const HIVES = 'Hives/';
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** FILE_ATTRIBUTE_DIRECTORY, _ARCHIVE, _REPARSE_POINT. */
const ATTRIBUTE = { directory: 0x10, archive: 0x20, reparse: 0x400 } as const;

/**
 * By the names and pax records that layers of Windows images have (OCI image specification, "Windows layers"; go-winio).
 * `undefined`: nothing to do. Names come from an image, so each is a name and nothing else.
 *
 * @throws ContainervError `ERR_CONTAINERV_LAYER`
 */
export function layerEntry(
  { header, pax }: Pick<TarEntry, 'header' | 'pax'>,
  file: string,
): LayerEntry | undefined {
  const name = header.name.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  if (name === '' || name === '.') return undefined;
  const colon = name.indexOf(':');
  const path = checked(colon < 0 ? name : name.slice(0, colon), file);
  if (path === 'Files' || path === 'Hives') return undefined;
  if (path.startsWith(HIVES)) return header.type === '0' ? { kind: 'hive', path } : undefined;
  if (!path.startsWith(FILES)) {
    throw layerError(
      `The layer has '${name}', which only base layers have`,
      file,
      'Have the image unpacked by a container engine, and use its folder.',
    );
  }
  if (colon >= 0) return { kind: 'stream', path, stream: streamName(name.slice(colon + 1), file) };
  const base = path.slice(path.lastIndexOf('/') + 1);
  if (base === OPAQUE) throw layerError('Windows has no opaque directories, and the layer has', file);
  if (base.startsWith(WHITEOUT)) {
    const hidden = path.slice(FILES.length, -base.length) + base.slice(WHITEOUT.length);
    return { kind: 'tombstone', path: checked(hidden, file) };
  }
  if (header.type === '1') {
    const target = checked(header.linkName.replace(/^(?:\.\/)+/, ''), file);
    if (!target.startsWith(FILES)) throw layerError(`The layer links '${name}' to '${target}'`, file);
    return { kind: 'hard-link', path, target };
  }
  return { path, ...description(header.type, header.linkName, pax, file, name) };
}

function description(
  type: string,
  linkName: string,
  pax: ReadonlyMap<string, string>,
  file: string,
  name: string,
): { kind: 'file' | 'directory' | 'link'; attributes: number; streams: Buffer } {
  if (!['0', '2', '5'].includes(type)) throw layerError(`The layer has '${name}', which is no file`, file);
  const given = Number(pax.get('MSWINDOWS.fileattr') ?? Number.NaN);
  const known = Number.isInteger(given) && given >= 0 && given < 2 ** 32;
  const standard = type === '5' ? ATTRIBUTE.directory : ATTRIBUTE.archive;
  const attributes = (known ? given : standard) | (type === '2' ? ATTRIBUTE.reparse : 0);
  const isDirectory = (attributes & ATTRIBUTE.directory) !== 0;
  if (type !== '2' && isDirectory !== (type === '5')) throw layerError(`'${name}' contradicts itself`, file);
  if (pax.has('MSWINDOWS.sd') && !pax.has('MSWINDOWS.rawsd')) {
    throw layerError('The layer is of an old form, with security as text', file, 'Pull a newer image.');
  }
  const streams: Buffer[] = [];
  const security = pax.get('MSWINDOWS.rawsd');
  if (security !== undefined) streams.push(securityStream(Buffer.from(security, 'base64')));
  const extended = extendedAttributes(pax);
  if (extended.size > 0) streams.push(extendedAttributesStream(extended));
  if (type === '2') {
    streams.push(reparseStream(linkReparseData(linkName, pax.get('MSWINDOWS.mountpoint') === '1')));
  }
  const kind = isDirectory ? 'directory' : type === '2' ? 'link' : 'file';
  return { kind, attributes: attributes >>> 0, streams: Buffer.concat(streams) };
}

function extendedAttributes(pax: ReadonlyMap<string, string>): Map<string, Buffer> {
  const prefix = 'MSWINDOWS.xattr.';
  return new Map(
    [...pax]
      .filter(([key]) => key.startsWith(prefix) && key.length - prefix.length < 256)
      .map(([key, value]) => [key.slice(prefix.length), Buffer.from(value, 'base64')]),
  );
}

function checked(path: string, file: string): string {
  if (isWindowsPath(path) && !path.split('/').some((name) => name.endsWith('.$wcidirs$'))) return path;
  throw layerError(`The layer has '${path}', which is no path in it`, file);
}

function streamName(name: string, file: string): string {
  if (isWindowsPath(name) && !name.includes('/')) return name;
  throw layerError(`The layer has a stream '${name}'`, file);
}
