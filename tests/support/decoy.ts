import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { scratchPath } from './scratch.js';

/** A directory on the host that a container must never reach, and what it looks like. */
export interface Decoy {
  readonly directory: string;
  /** Every path in it with its kind, mode, owner and content: to be the same afterwards. */
  describe(): string[];
}

export function makeDecoy(): Decoy {
  const directory = scratchPath('decoy');
  for (const name of ['', 'pts', 'shm', 'sub', 'fs', 'self'])
    mkdirSync(path.join(directory, name), { recursive: true });
  for (const file of [
    'null',
    'zero',
    'full',
    'random',
    'urandom',
    'tty',
    'console',
    'hostname',
    'hosts',
    'resolv.conf',
    'passwd',
    'sub/secret',
  ])
    writeFileSync(path.join(directory, file), `decoy ${file}\n`);
  symlinkSync('nowhere', path.join(directory, 'dangling'));
  return {
    directory,
    describe: () =>
      ['', ...readdirSync(directory, { recursive: true }).map(String)].sort().map((name) => {
        const file = path.join(directory, name);
        const about = lstatSync(file);
        const content = about.isFile() ? readFileSync(file, 'utf8') : about.nlink;
        return `${name} ${about.mode.toString(8)} ${about.uid}:${about.gid} ${about.dev} ${about.ino} ${content}`;
      }),
  };
}
