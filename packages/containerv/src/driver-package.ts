/** The package that drives containers on each platform, by Node's name for it. */
const DRIVERS: Readonly<Partial<Record<string, string>>> = {
  linux: 'containerv-linux',
  win32: 'containerv-windows',
};

/** `undefined`: there is no driver for this platform. */
export function driverPackage(platform: string): string | undefined {
  return Object.hasOwn(DRIVERS, platform) ? DRIVERS[platform] : undefined;
}

/** The drivers of the other platforms. */
export function foreignDriverPackages(platform: string): readonly string[] {
  return Object.entries(DRIVERS).flatMap(([name, driver]) =>
    name === platform || driver === undefined ? [] : [driver],
  );
}

export const DRIVER_PLATFORMS: readonly string[] = Object.keys(DRIVERS);
