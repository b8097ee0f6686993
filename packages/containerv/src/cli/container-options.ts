import { type ContainerOptions, type Mount, parseByteSize } from 'containerv-api';
import type { OptionSpecs, ParsedLine } from './command.js';
import { KERNEL_OPTIONS, kernelOptions } from './kernel-options.js';
import { LIMIT_OPTIONS, limitOptions } from './limit-options.js';
import { NETWORK_OPTIONS, networkOptions } from './network-options.js';
import { POLICY_VALUE, policyOption } from './policy-argument.js';
import { ROOT_OPTIONS, rootOptions } from './root-options.js';
import { usageError } from './usage-error.js';

/** Options of `run` about the container. */
export const CONTAINER_OPTIONS: OptionSpecs = {
  id: { value: 'ID', help: 'Name the container (generated).' },
  ...ROOT_OPTIONS,
  mount: { value: 'SOURCE:TARGET[:ro]', multiple: true, help: 'Mount a file or directory of the host.' },
  tmpfs: { value: 'TARGET[:SIZE]', multiple: true, help: 'Mount an empty directory in memory.' },
  policy: {
    value: POLICY_VALUE,
    help: 'minimal, build, network, custom, some joined by +, or a file (build).',
  },
  'bpf-lsm': { help: 'Hold it to file rules with BPF programs, too, and count. Linux, as root.' },
  ...LIMIT_OPTIONS,
  ...NETWORK_OPTIONS,
  hostname: { value: 'NAME', help: 'Its host name (the id).' },
  domainname: { value: 'NAME', help: 'Its NIS domain name (none).' },
  'cpu-affinity': { value: 'LIST', help: 'Processors its processes start on, such as 0-3,5 (all).' },
  ...KERNEL_OPTIONS,
};

/** What of the container is said on the command line; the rest is left to the defaults. */
export function containerOptions(line: ParsedLine): ContainerOptions {
  const { values, switches } = line;
  const last = (name: string): string | undefined => values.get(name)?.[0];
  return {
    id: last('id'),
    ...rootOptions(line),
    mounts: [...(values.get('mount') ?? []).map(bindMount), ...(values.get('tmpfs') ?? []).map(tmpfsMount)],
    policy: policyOption(last('policy')),
    limits: limitOptions(line),
    network: networkOptions(line),
    hostname: last('hostname'),
    domainname: last('domainname'),
    cpuAffinity: last('cpu-affinity'),
    ...kernelOptions(line),
    bpfLsm: switches.has('bpf-lsm') || undefined,
  };
}

function bindMount(text: string): Mount {
  const [source = '', target = '', mode, ...rest] = text.split(':');
  if (
    source === '' ||
    target === '' ||
    rest.length > 0 ||
    (mode !== undefined && mode !== 'ro' && mode !== 'rw')
  ) {
    throw usageError(
      `--mount ${text} is not SOURCE:TARGET, SOURCE:TARGET:ro or SOURCE:TARGET:rw`,
      'Paths with a colon cannot be written here.',
    );
  }
  return { type: 'bind', source, target, readonly: mode === 'ro' };
}

function tmpfsMount(text: string): Mount {
  const [target = '', size, ...rest] = text.split(':');
  if (target === '' || rest.length > 0) {
    throw usageError(`--tmpfs ${text} is not TARGET or TARGET:SIZE`, 'For example --tmpfs /scratch:64M.');
  }
  return { type: 'tmpfs', target, size: size === undefined ? undefined : parseByteSize(size, '--tmpfs') };
}
