#!/usr/bin/env node
import { readFileSync } from 'node:fs';
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

const status = await main(process.argv.slice(2), version, {
  driver,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signals: process,
});
// Connections to containers that go on living would keep this process alive; what was written must still arrive.
process.stdout.write('', () => process.stderr.write('', () => process.exit(status)));
