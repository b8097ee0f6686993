/** The native program that does what `serve-exec` does; `undefined` where the driver for this machine has none. */
export async function nativeLauncherPath(): Promise<string | undefined> {
  const driver = await import('containerv-linux').catch(() => undefined);
  return driver?.launcherPath();
}
