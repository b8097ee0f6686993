// `npm test`: sets everything up, checks the whole workspace, and adds the results up.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { install, runAsScript } from './bootstrap.mjs';
import { installTestPrograms } from './test-programs.mjs';
import { printTotals, removeReports } from './test-totals.mjs';
import { root, turbo } from './toolchain.mjs';

const CHECKS = [
  'lint',
  'lint:scripts',
  'format:check',
  'knip',
  'typecheck',
  'build',
  'test:scripts',
  'check:package',
];
// Whole containers. They run last and alone: they compare what is on the machine before and after.
const WHOLE = './tests';

await runAsScript(import.meta.url, () => {
  removeReports();
  install();
  installTestPrograms();
  const whole = existsSync(path.join(root, WHOLE, 'package.json'));
  const failures = [
    turbo([...CHECKS, '--continue']),
    turbo(['test', '--continue', ...(whole ? [`--filter=!${WHOLE}`] : [])]),
    whole ? turbo(['test', `--filter=${WHOLE}`]) : 0,
  ].filter((status) => status !== 0).length;
  return printTotals() !== 0 || failures > 0 ? 1 : 0;
});
