// `npm run bench`: sets everything up, then prints the benchmark tables.
import { bootstrap, runAsScript } from './bootstrap.mjs';
import { run } from './toolchain.mjs';

await runAsScript(import.meta.url, () => {
  bootstrap();
  return run(process.execPath, ['bench/run.mjs', ...process.argv.slice(2)]);
});
