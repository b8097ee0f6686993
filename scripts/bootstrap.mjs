// From a fresh clone to a built workspace. Everything goes into this directory, apart from download caches.
import { pathToFileURL } from 'node:url';
import { fixFor, missingPrerequisites } from './prerequisites.mjs';
import { installPnpm, root, run, turbo } from './toolchain.mjs';

/** Checks the machine and installs the pinned tools and libraries. Throws with a message for people. */
export function install() {
  const missing = missingPrerequisites();
  if (missing.length > 0) {
    throw new Error(['This machine lacks:', ...missing.map((what) => `  - ${what}`), fixFor()].join('\n'));
  }
  console.log(`Setting up ${root}`);
  console.log(
    '  pnpm goes to tools/pnpm, libraries and tools (about 250 MB, from the npm registry) to node_modules.',
  );
  console.log(
    '  Nothing is installed outside of this directory, but npm and pnpm keep downloads in their caches.',
  );
  installPnpm();
  const flags = ['--frozen-lockfile', '--prefer-offline', '--reporter=append-only', '--loglevel=warn'];
  if (run('pnpm', ['install', ...flags, '--config.confirmModulesPurge=false']) !== 0) {
    throw new Error('pnpm could not install the libraries; see its message above');
  }
}

/** `install`, then every package built. */
export function bootstrap() {
  install();
  console.log('Building the packages');
  if (turbo(['build']) !== 0) throw new Error('The build failed; see above');
}

/** Runs `main` when `url` is the script that node was started with; a failure is a message, not a stack. */
export async function runAsScript(url, main) {
  if (process.argv[1] === undefined || url !== pathToFileURL(process.argv[1]).href) return;
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

await runAsScript(import.meta.url, bootstrap);
