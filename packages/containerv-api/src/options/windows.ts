import {
  checkArray,
  checkBoolean,
  checkOptions,
  checkText,
  checkWord,
  conflictingOptions,
} from '../option-check.js';
import { cleanGuestPath } from './clean-path.js';

/** What only Windows hosts need to know. Elsewhere it is ignored with a warning event. */
export interface WindowsOptions {
  /** What runs inside. @defaultValue 'windows' */
  readonly containerType?: 'windows' | 'linux' | undefined;
  /** `'process'` shares the host's kernel, `'hyperv'` has its own in a virtual machine. @defaultValue 'hyperv' */
  readonly isolation?: 'process' | 'hyperv' | undefined;
  /** Directory of the utility virtual machine. @defaultValue found in the layer chain */
  readonly utilityVmPath?: string | undefined;
  /** Layer folders, topmost parent first, base last. @defaultValue read from `layerchain.json` */
  readonly parentLayers?: readonly string[] | undefined;
  /** The virtual machine of a Linux container. */
  readonly lcow?: LcowOptions | undefined;
  /** A group managed service account, as the JSON of its credential specification. */
  readonly credentialSpec?: string | undefined;
  /** Volumes of `createVolume()` to attach; a name alone is at `/volumes/NAME`. */
  readonly volumes?: readonly (string | VolumeMount)[] | undefined;
  /** In which form the Host Compute Service is told; builds before 17763 know only `'v1'`. @defaultValue 'v2' */
  readonly schema?: 'v1' | 'v2' | undefined;
}

/** A volume in a container. It belongs to one container at a time. */
export interface VolumeMount {
  readonly name: string;
  /** Absolute path in the container. @defaultValue `/volumes/NAME` */
  readonly target?: string | undefined;
  /** Whether the container may not write to it. @defaultValue false */
  readonly readonly?: boolean | undefined;
}

export interface LcowOptions {
  /** Directory that holds kernel, initial RAM disk and root disk. */
  readonly uvmImagePath: string;
  readonly kernelFile?: string | undefined;
  readonly initrdFile?: string | undefined;
  /** Added to the kernel's command line. */
  readonly bootParameters?: string | undefined;
}

const NAMES = [
  'containerType',
  'isolation',
  'utilityVmPath',
  'parentLayers',
  'lcow',
  'credentialSpec',
  'volumes',
  'schema',
];
const LCOW_NAMES = ['uvmImagePath', 'kernelFile', 'initrdFile', 'bootParameters'] as const;

const LCOW_VARIABLES = [
  ['kernelFile', 'CHEF_LCOW_KERNEL_FILE'],
  ['initrdFile', 'CHEF_LCOW_INITRD_FILE'],
  ['bootParameters', 'CHEF_LCOW_BOOT_PARAMETERS'],
] as const;

/** A checked copy. Defaults are the Windows driver's to fill in. */
export function resolveWindowsOptions(windows: WindowsOptions | undefined): WindowsOptions | undefined {
  if (windows === undefined) return undefined;
  checkOptions(windows, 'windows', NAMES);
  const { containerType, isolation, lcow } = windows;
  if (containerType !== undefined) checkWord(containerType, 'windows.containerType', ['windows', 'linux']);
  if (isolation !== undefined) checkWord(isolation, 'windows.isolation', ['process', 'hyperv']);
  if (windows.schema !== undefined) checkWord(windows.schema, 'windows.schema', ['v1', 'v2']);
  for (const name of ['utilityVmPath', 'credentialSpec'] as const) {
    if (windows[name] !== undefined) checkText(windows[name], `windows.${name}`);
  }
  const parents = checkArray(windows.parentLayers ?? [], 'windows.parentLayers');
  for (const [index, entry] of parents.entries()) checkText(entry, `windows.parentLayers[${index}]`);
  const volumes = checkArray(windows.volumes ?? [], 'windows.volumes');
  for (const [index, entry] of volumes.entries()) checkVolume(entry, `windows.volumes[${index}]`);
  if (lcow !== undefined) checkLcow(lcow);
  return structuredClone(windows);
}

function checkVolume(volume: string | VolumeMount, option: string): void {
  if (typeof volume === 'string') {
    checkText(volume, option);
    return;
  }
  checkOptions(volume, option, ['name', 'target', 'readonly']);
  checkText(volume.name, `${option}.name`);
  if (volume.target !== undefined) cleanGuestPath(volume.target, `${option}.target`);
  if (volume.readonly !== undefined) checkBoolean(volume.readonly, `${option}.readonly`);
}

function checkLcow(lcow: LcowOptions): void {
  checkOptions(lcow, 'windows.lcow', LCOW_NAMES);
  checkText(lcow.uvmImagePath, 'windows.lcow.uvmImagePath');
  for (const name of LCOW_NAMES) {
    if (lcow[name] !== undefined) checkText(lcow[name], `windows.lcow.${name}`);
  }
}

/**
 * The Windows options in the environment variables that Chef uses: `CHEF_WINDOWS_CONTAINER_TYPE`,
 * `CHEF_LCOW_UVM_IMAGE_PATH`, `CHEF_LCOW_KERNEL_FILE`, `CHEF_LCOW_INITRD_FILE`, `CHEF_LCOW_BOOT_PARAMETERS`.
 * A variable that is missing or empty sets nothing.
 *
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` for a container type that is neither `windows` nor `linux`.
 */
export function windowsOptionsFromEnv(env: Readonly<Record<string, string | undefined>>): WindowsOptions {
  const read = (name: string): string | undefined => env[name] || undefined;
  const type = read('CHEF_WINDOWS_CONTAINER_TYPE');
  const uvmImagePath = read('CHEF_LCOW_UVM_IMAGE_PATH');
  const lcow = Object.fromEntries(
    LCOW_VARIABLES.map(([name, variable]) => [name, read(variable)]).filter(
      ([, value]) => value !== undefined,
    ),
  ) as Omit<LcowOptions, 'uvmImagePath'>;
  if (uvmImagePath === undefined && Object.keys(lcow).length > 0) {
    throw conflictingOptions('CHEF_LCOW_* variables are set, but CHEF_LCOW_UVM_IMAGE_PATH is not');
  }
  const options: { -readonly [Name in keyof WindowsOptions]: WindowsOptions[Name] } = {};
  if (type !== undefined) {
    options.containerType = checkWord(type, 'CHEF_WINDOWS_CONTAINER_TYPE', ['windows', 'linux']);
  }
  if (uvmImagePath !== undefined) options.lcow = { uvmImagePath, ...lcow };
  return options;
}
