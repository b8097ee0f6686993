import { copyFileSync, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { scratchPath } from './scratch.js';
import { program } from './suite.js';

/** Names of the fixture program `box`, as `fixtures/box/main.c` has them. */
const APPLETS = [
  'allocate',
  'named',
  'names',
  'parent',
  'arguments',
  'ask',
  'attempt',
  'burn',
  'calls',
  'cat',
  'clocks',
  'crowd',
  'crowded',
  'flip',
  'knock',
  'steps',
  'storm',
  'descriptors',
  'directory',
  'echo',
  'environment',
  'exit',
  'flood',
  'foreign-abi',
  'fork-bomb',
  'group',
  'holder',
  'orphans',
  'overwrite',
  'pour',
  'probe',
  'processes',
  'processors',
  'push-input',
  'raise',
  'say',
  'scan',
  'serve',
  'show',
  'sleep',
  'stubborn',
  'terminal',
  'trace',
  'true',
] as const;

const PASSWD = [
  'root:x:0:0:root:/root:/bin/sh',
  'builder:x:1000:1000:Builder:/home/builder:/bin/sh',
  'guest:x:1001:100::/:/bin/sh',
  '1234:x:0:0:a number for a name:/:/bin/sh',
  'broken line without fields',
  'huge:x:4294967295:4294967295::/:/bin/sh',
];
const GROUP = [
  'root:x:0:',
  'tty:x:5:',
  'users:x:100:',
  'builder:x:1000:',
  'audio:x:29:builder,guest',
  'video:x:44:guest,builder',
  'wheel:x:10:root',
];

/** A root directory with static programs and little else. `without`: standard directories that are left out. */
export function makeRoot(name = 'root', without: readonly string[] = []): string {
  const root = scratchPath(name);
  mkdirSync(root, { mode: 0o755 });
  for (const directory of ['bin', 'dev', 'etc', 'home', 'home/builder', 'proc', 'srv', 'sys', 'tmp']) {
    if (!without.includes(directory)) mkdirSync(path.join(root, directory), { mode: 0o755 });
  }
  for (const applet of APPLETS) linkSync(program('box'), path.join(root, 'bin', applet));
  linkSync(program('bare'), path.join(root, 'bin', 'bare'));
  writeFileSync(path.join(root, 'etc/passwd'), `${PASSWD.join('\n')}\n`);
  writeFileSync(path.join(root, 'etc/group'), `${GROUP.join('\n')}\n`);
  for (const file of ['hostname', 'hosts', 'resolv.conf'])
    writeFileSync(path.join(root, 'etc', file), 'of the root\n');
  return root;
}

let shared: string | undefined;

/** One for all tests of a file that leave it as it is. */
export function sharedRoot(): string {
  return (shared ??= makeRoot('shared-root'));
}

/** Puts the fixture program into a directory, to be mounted into a container. */
export function toolDirectory(): string {
  const directory = scratchPath('tools');
  mkdirSync(directory);
  copyFileSync(program('box'), path.join(directory, 'box'));
  return directory;
}
