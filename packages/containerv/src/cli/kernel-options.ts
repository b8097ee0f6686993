import type { ContainerOptions, DeviceAccess, RlimitValue } from 'containerv-api';
import type { OptionSpecs, ParsedLine } from './command.js';
import { numberValue } from './number-value.js';
import { usageError } from './usage-error.js';

/** Options of `run` about devices and what the kernel keeps for a namespace or a process. */
export const KERNEL_OPTIONS: OptionSpecs = {
  device: { value: 'PATH[:ACCESS]', multiple: true, help: 'A device of this machine, for r, w or rw (rw).' },
  sysctl: { value: 'NAME=VALUE', multiple: true, help: 'Set a parameter of its own namespaces.' },
  ulimit: {
    value: 'NAME=SOFT[:HARD]',
    multiple: true,
    help: 'A limit of each process: nofile=1024.',
  },
  'oom-score-adj': { value: 'NUMBER', help: 'From -1000 to 1000: who goes first when memory is short (0).' },
};

type KernelOptions = Pick<ContainerOptions, 'devices' | 'sysctls' | 'rlimits' | 'oomScoreAdj'>;

export function kernelOptions({ values }: ParsedLine): KernelOptions {
  const [devices, sysctls, ulimits] = ['device', 'sysctl', 'ulimit'].map((name) => values.get(name));
  return {
    ...(devices === undefined ? {} : { devices: devices.map(device) }),
    ...(sysctls === undefined
      ? {}
      : { sysctls: Object.fromEntries(sysctls.map((text) => named(text, '--sysctl'))) }),
    ...(ulimits === undefined ? {} : { rlimits: Object.fromEntries(ulimits.map(ulimit)) }),
    oomScoreAdj: numberValue(values.get('oom-score-adj')?.[0], '--oom-score-adj'),
  };
}

/** Which accesses there are is the library's to know. */
function device(text: string): { path: string; access?: DeviceAccess } {
  const [path = '', access, ...rest] = text.split(':');
  if (path === '' || rest.length > 0)
    throw usageError(`--device ${text} is not PATH or PATH:ACCESS`, 'For example --device /dev/fuse:rw.');
  return { path, ...(access === undefined ? {} : { access: access as DeviceAccess }) };
}

function named(text: string, option: string): [name: string, value: string] {
  const end = text.indexOf('=');
  if (end < 1) throw usageError(`${option} ${text} is not NAME=VALUE`, `Write ${option} NAME=VALUE.`);
  return [text.slice(0, end), text.slice(end + 1)];
}

function ulimit(text: string): [name: string, limit: { soft: RlimitValue; hard: RlimitValue }] {
  const [name, value] = named(text, '--ulimit');
  const [soft = '', hard = soft, ...rest] = value.split(':');
  if (rest.length > 0)
    throw usageError(
      `--ulimit ${text} is not NAME=SOFT or NAME=SOFT:HARD`,
      'For example --ulimit nofile=1024:4096.',
    );
  return [name, { soft: rlimitValue(soft), hard: rlimitValue(hard) }];
}

function rlimitValue(text: string): RlimitValue {
  return text === 'unlimited' ? text : (numberValue(text, '--ulimit') ?? 'unlimited');
}
