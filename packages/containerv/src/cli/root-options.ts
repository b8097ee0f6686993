import type { ContainerOptions, Layer } from 'containerv-api';
import type { OptionSpecs, ParsedLine } from './command.js';
import { usageError } from './usage-error.js';

/** Options of `run` about the root file system. */
export const ROOT_OPTIONS: OptionSpecs = {
  rootfs: { value: 'PATH', help: "Its root directory, or 'host' for this machine's own (host)." },
  layer: {
    value: 'TYPE:SOURCE[:TARGET]',
    multiple: true,
    help: 'Instead, a layer of it, the lowest first.',
  },
  writable: { value: 'WHERE', help: 'Where writes to the root go: overlay, tmpfs or direct (overlay).' },
  'read-only': { help: 'Refuse writes to the root.' },
};

/** Names that do not exist are the library's to refuse, which knows the right ones. */
export function rootOptions({ values, switches }: ParsedLine): ContainerOptions {
  if (switches.has('read-only') && values.has('writable'))
    throw usageError('--read-only and --writable exclude each other', 'Give one of them.');
  const layers = values.get('layer');
  return {
    rootfs: values.get('rootfs')?.[0],
    ...(layers === undefined ? {} : { layers: layers.map(layer) }),
    writable: switches.has('read-only')
      ? false
      : (values.get('writable')?.[0] as ContainerOptions['writable']),
  };
}

function layer(text: string): Layer {
  const [type = '', source = '', target, mode, ...rest] = text.split(':');
  if (source === '' || rest.length > 0 || (mode !== undefined && mode !== 'ro' && mode !== 'rw')) {
    throw usageError(
      `--layer ${text} is not TYPE:SOURCE, or host-directory:SOURCE:TARGET with :ro or :rw`,
      'For example --layer overlay:./snapshot. Paths with a colon cannot be written here.',
    );
  }
  return {
    type: type as Layer['type'],
    source,
    ...(target === undefined ? {} : { target }),
    ...(mode === undefined ? {} : { readonly: mode === 'ro' }),
  };
}
