// `npm run build -- --filter=containerv-api`: turbo with the workspace's own pnpm on the path.
import { runAsScript } from './bootstrap.mjs';
import { turbo } from './toolchain.mjs';

await runAsScript(import.meta.url, () => turbo(process.argv.slice(2)));
