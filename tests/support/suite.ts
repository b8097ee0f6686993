import path from 'node:path';

function fromRunner(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: start the tests with \`node run.mjs\``);
  return value;
}

/** The directory of this run of the suite, on a file system that overlayfs can write to. */
export const runDirectory = fromRunner('CONTAINERV_TEST_RUN');
/** The process that adopts whatever a test leaves running. */
export const reaper = Number(fromRunner('CONTAINERV_TEST_REAPER'));
export const temporary = path.join(runDirectory, 'tmp');

/** A compiled C fixture. */
export function program(name: string): string {
  return path.join(runDirectory, 'fixtures', name);
}

export const isRoot = process.getuid?.() === 0;
/** `CONTAINERV_TEST_PROFILE=full` runs longer loops. */
export const full = process.env['CONTAINERV_TEST_PROFILE'] === 'full';

/** An id that no other run of the suite on this machine uses: control groups are the machine's. */
export function idFor(name: string): string {
  return `${name}-${reaper}`;
}
