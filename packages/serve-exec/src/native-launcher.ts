/** The native program that does what `serve-exec` does; `undefined` where the driver for this machine has none. */
export async function nativeLauncherPath(): Promise<string | undefined> {
  let driver: { launcherPath?: () => string | undefined };
  try {
    driver = (await import('containerv-linux')) as typeof driver;
  } catch {
    return undefined;
  }
  return driver.launcherPath?.();
}
