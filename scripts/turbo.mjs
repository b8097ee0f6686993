// `npm run build -- --filter=containerv-api`: turbo with the workspace's own pnpm on the path.
import { turbo } from './toolchain.mjs';

process.exitCode = turbo(process.argv.slice(2));
