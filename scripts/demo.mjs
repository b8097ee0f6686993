// `npm run demo`: sets everything up, then builds and runs a C program in a container.
import { bootstrap, runAsScript } from './bootstrap.mjs';
import { run } from './toolchain.mjs';

await runAsScript(import.meta.url, () => {
  bootstrap();
  console.log();
  return run(process.execPath, ['examples/build-in-container.mjs', ...process.argv.slice(2)]);
});
