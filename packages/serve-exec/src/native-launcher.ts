/** The native program that does what `serve-exec` does; `undefined` where the driver for this machine has none. */
export async function nativeLauncherPath(): Promise<string | undefined> {
  const found = process.platform === 'win32' ? import('containerv-windows') : import('containerv-linux');
  const driver = await found.catch(() => undefined);
  return driver?.launcherPath();
}
