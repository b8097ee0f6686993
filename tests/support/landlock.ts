import { probeHost } from 'containerv-linux';

/** The Landlock ABI of this kernel; 0 without. */
export async function landlockAbi(): Promise<number> {
  const { checks } = await probeHost();
  const found = checks.find(({ name }) => name === 'Landlock');
  return Number(/\d+/.exec(found?.detail ?? '')?.[0] ?? 0);
}
