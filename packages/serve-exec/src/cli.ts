#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { OWN_FAILURE } from './exec/exit-status.js';
import { main } from './main.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// Node's status for a promise that will never settle, which would pass for the command's own.
const UNSETTLED = 13;
const reportUnsettled = (): void => {
  if (process.exitCode !== UNSETTLED) return;
  process.stderr.write('serve-exec: the driver never answered; this is a defect\n');
  process.exitCode = OWN_FAILURE;
};
process.once('exit', reportUnsettled);

/** A reader that went away does not change the status. */
function say(stream: NodeJS.WriteStream, text: string): void {
  stream.once('error', () => {});
  stream.write(text);
}

// The streams are made when they are used: the command may need the descriptors.
const status = await main(process.argv.slice(2), version, {
  stdout: { write: (text) => say(process.stdout, text) },
  stderr: { write: (text) => say(process.stderr, text) },
});
process.off('exit', reportUnsettled);
// Exits at once: the connection to a container that lives on would keep this process alive. What it says itself is
// short, and arrives: pipes and files are written synchronously.
process.exit(status);
