// What runs in node.exe under Wine is bundled here.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const tests = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** @param {string} config */
export async function runTsup(config) {
  const tsup = fileURLToPath(new URL('dist/cli-default.js', import.meta.resolve('tsup/package.json')));
  await promisify(execFile)(process.execPath, [tsup, '--config', config], { cwd: tests });
}
