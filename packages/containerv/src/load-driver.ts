import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ContainerDriver, ContainervError, isContainervError } from 'containerv-api';
import { DRIVER_PLATFORMS, driverPackage, foreignDriverPackages } from './driver-package.js';

/** What finding a driver takes from its surroundings. */
export interface DriverSurroundings {
  readonly platform: string;
  readonly cwd: string;
  /** `CONTAINERV_DRIVER`, a package or a path, which overrides the choice by platform. */
  readonly override: string | undefined;
  readonly load: (specifier: string) => Promise<unknown>;
  readonly isInstalled: (packageName: string) => boolean;
}

const FUNCTIONS = [
  'createContainer',
  'joinContainer',
  'listContainers',
  'pruneContainers',
  'probeHost',
] as const satisfies readonly (keyof ContainerDriver)[];

/**
 * Imports the driver for this machine.
 *
 * @throws ContainervError `ERR_CONTAINERV_NO_DRIVER`, with the package that is missing and the command that mends it.
 */
export async function loadDriver(
  surroundings: DriverSurroundings = surroundingsNow(),
): Promise<ContainerDriver> {
  const name = surroundings.override ?? driverPackage(surroundings.platform);
  if (name === undefined) throw unsupportedPlatform(surroundings.platform);
  let loaded: unknown;
  try {
    loaded = await surroundings.load(specifierOf(name, surroundings.cwd));
  } catch (cause) {
    throw loadingFailed(name, cause, surroundings);
  }
  const missing = FUNCTIONS.filter((method) => !hasFunction(loaded, method));
  if (missing.length > 0) {
    throw noDriver(
      `${name} is not a driver: it does not export ${missing.join(', ')}`,
      overrideHint(surroundings),
    );
  }
  return loaded as ContainerDriver;
}

function surroundingsNow(): DriverSurroundings {
  return {
    platform: process.platform,
    cwd: process.cwd(),
    override: process.env['CONTAINERV_DRIVER'] || undefined,
    load: (specifier) => import(specifier),
    isInstalled,
  };
}

/** As `import` would find it; `require.resolve` would also look where NODE_PATH says. */
function isInstalled(packageName: string): boolean {
  try {
    import.meta.resolve(`${packageName}/package.json`);
    return true;
  } catch (error) {
    return !isModuleNotFound(error);
  }
}

function specifierOf(name: string, cwd: string): string {
  return isPath(name) ? pathToFileURL(resolve(cwd, name)).href : name;
}

function isPath(name: string): boolean {
  return name.startsWith('.') || isAbsolute(name);
}

function hasFunction(module: unknown, name: string): boolean {
  return (
    typeof module === 'object' &&
    module !== null &&
    typeof (module as Readonly<Record<string, unknown>>)[name] === 'function'
  );
}

function unsupportedPlatform(platform: string): ContainervError {
  return noDriver(
    `containerv has no driver for ${platform}`,
    `Containers run on ${DRIVER_PLATFORMS.join(' and ')}. Elsewhere, run this program in a Linux virtual machine.`,
  );
}

function loadingFailed(name: string, cause: unknown, surroundings: DriverSurroundings): ContainervError {
  // The driver knows best, for instance which part of it does not fit this machine.
  if (isContainervError(cause) && cause.code === 'ERR_CONTAINERV_NO_DRIVER') return cause;
  const there = isPath(name) ? !isModuleNotFound(cause) : surroundings.isInstalled(name);
  if (there)
    return noDriver(`${name} is installed but cannot be loaded: ${messageOf(cause)}`, reinstall(name), cause);
  if (surroundings.override !== undefined) {
    return noDriver(`The driver ${name} does not exist`, overrideHint(surroundings), cause);
  }
  const foreign = foreignDriverPackages(surroundings.platform).find(surroundings.isInstalled);
  if (foreign !== undefined) {
    return noDriver(
      `${name} is not installed, but ${foreign} is: node_modules was copied from another operating system`,
      'Delete node_modules and install again on this machine: rm -rf node_modules && npm install',
      cause,
    );
  }
  return noDriver(
    `${name} is not installed; it is an optional dependency, left out by --omit=optional or --no-optional`,
    `npm install ${name}`,
    cause,
  );
}

function reinstall(name: string): string {
  return isPath(name) ? 'See the cause.' : `Install it again on this machine: npm install --force ${name}`;
}

function overrideHint({ override }: DriverSurroundings): string | undefined {
  return override === undefined
    ? undefined
    : `CONTAINERV_DRIVER is '${override}'; unset it for the standard driver.`;
}

function isModuleNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function noDriver(what: string, hint: string | undefined, cause?: unknown): ContainervError {
  return new ContainervError('ERR_CONTAINERV_NO_DRIVER', what, {
    step: 'load driver',
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}
