import { type ContainerOptions, type Limits, type Mount, parseByteSize } from 'containerv-api';
import type { OptionSpecs, ParsedLine } from './command.js';
import { NETWORK_OPTIONS, networkOptions } from './network-options.js';
import { POLICY_VALUE, policyOption } from './policy-argument.js';
import { usageError } from './usage-error.js';

/** Options of `run` about the container. */
export const CONTAINER_OPTIONS: OptionSpecs = {
  id: { value: 'ID', help: 'Name the container (generated).' },
  rootfs: { value: 'PATH', help: "Its root directory, or 'host' for this machine's own (host)." },
  writable: { value: 'WHERE', help: 'Where writes to the root go: overlay, tmpfs or direct (overlay).' },
  'read-only': { help: 'Refuse writes to the root.' },
  mount: { value: 'SOURCE:TARGET[:ro]', multiple: true, help: 'Mount a file or directory of the host.' },
  tmpfs: { value: 'TARGET[:SIZE]', multiple: true, help: 'Mount an empty directory in memory.' },
  policy: {
    value: POLICY_VALUE,
    help: 'minimal, build, network, custom, some joined by +, or a file (build).',
  },
  'bpf-lsm': { help: 'Hold it to file rules with BPF programs, too, and count. Linux, as root.' },
  memory: { short: 'm', value: 'SIZE', help: "Memory, such as 512M, or 'max' (1G)." },
  cpus: { value: 'NUMBER', help: "Processors' worth of time, such as 1.5, or 'max' (max)." },
  'cpu-weight': { value: 'NUMBER', help: 'Share of processor time, 1 to 10000 (100).' },
  pids: { value: 'NUMBER', help: "Processes and threads at once, or 'max' (256)." },
  ...NETWORK_OPTIONS,
  hostname: { value: 'NAME', help: 'Its host name (the id).' },
  domainname: { value: 'NAME', help: 'Its NIS domain name (none).' },
  'cpu-affinity': { value: 'LIST', help: 'Processors its processes start on, such as 0-3,5 (all).' },
};

/** What of the container is said on the command line; the rest is left to the defaults. */
export function containerOptions(line: ParsedLine): ContainerOptions {
  const { values, switches } = line;
  const last = (name: string): string | undefined => values.get(name)?.[0];
  if (switches.has('read-only') && values.has('writable')) {
    throw usageError('--read-only and --writable exclude each other', 'Give one of them.');
  }
  return {
    id: last('id'),
    rootfs: last('rootfs'),
    // Names that do not exist are the library's to refuse, which knows the right ones.
    writable: switches.has('read-only') ? false : (last('writable') as ContainerOptions['writable']),
    mounts: [...(values.get('mount') ?? []).map(bindMount), ...(values.get('tmpfs') ?? []).map(tmpfsMount)],
    policy: policyOption(last('policy')),
    limits: limits(last),
    network: networkOptions(line),
    hostname: last('hostname'),
    domainname: last('domainname'),
    cpuAffinity: last('cpu-affinity'),
    bpfLsm: switches.has('bpf-lsm') || undefined,
  };
}

function limits(last: (name: string) => string | undefined): Limits {
  const memory = last('memory');
  return {
    memory: memory === undefined || memory === 'max' ? memory : parseByteSize(memory, '--memory'),
    cpus: numberOrMax(last('cpus'), '--cpus'),
    cpuWeight: number(last('cpu-weight'), '--cpu-weight'),
    pids: numberOrMax(last('pids'), '--pids'),
  };
}

function numberOrMax(text: string | undefined, option: string): number | 'max' | undefined {
  return text === 'max' ? text : number(text, option);
}

function number(text: string | undefined, option: string): number | undefined {
  if (text === undefined || /^\d+(?:\.\d+)?$/.test(text))
    return text === undefined ? undefined : Number(text);
  throw usageError(`${option} ${text} is not a number`, `Write ${option} 2.`);
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
