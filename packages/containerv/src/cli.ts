#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { OWN_FAILURE } from './cli/exit-code.js';
import { main } from './cli/main.js';
import * as driver from './entry-points.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// A reader that went away (`containerv rm a b | head -1`) must not stop what is being done.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// Node's status for a promise that will never settle, which would pass for the command's own.
const UNSETTLED = 13;
const reportUnsettled = (): void => {
  if (process.exitCode !== UNSETTLED) return;
  process.stderr.write('containerv: the driver never answered; this is a defect\n');
  process.exitCode = OWN_FAILURE;
};
process.once('exit', reportUnsettled);

const status = await main(process.argv.slice(2), version, {
  driver,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signals: process,
});
process.off('exit', reportUnsettled);
// Connections to containers that go on living would keep this process alive; what was written must still arrive.
process.stdout.write('', () => process.stderr.write('', () => process.exit(status)));
