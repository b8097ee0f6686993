// What file rules cost: where a process starts, and where it opens files. Each beside the same policy without them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createContainer, createPolicy } from '../packages/containerv/dist/index.js';
import { FsAccess } from '../packages/containerv-policy/dist/index.js';
import { sample, takeTurns } from './statistics.mjs';
import { print } from './table.mjs';

const DEEP = 'a/b/c/d/e/f/g/h';

/** @param source of the program that opens files */
export async function benchFiles(directory, source, { rounds, runs }) {
  const workspace = path.join(directory, 'workspace');
  mkdirSync(path.join(workspace, DEEP), { recursive: true });
  for (const file of ['near', `${DEEP}/far`]) writeFileSync(path.join(workspace, file), '');
  const program = path.join(workspace, 'open');
  execFileSync(process.env.CC ?? 'cc', ['-O2', '-Wall', '-Wextra', '-static', source, '-o', program]);
  const mounts = [{ source: workspace, target: '/workspace' }];
  const make = async (place) =>
    createContainer({ mounts, policy: createPolicy('minimal').addPaths([place], FsAccess.All) });
  const free = await make('/');
  const confined = await make('/workspace');
  try {
    if (confined.enforced.landlock === false) {
      console.log('(this kernel has no Landlock: no rows for file rules)\n');
      return;
    }
    const start = (container) => async (count) => sample(count, () => container.run('/bin/true'));
    const contestants = {
      'without file rules': start(free),
      [`with the ${createPolicy('minimal').paths.length} of \`minimal\``]: start(confined),
    };
    print('Run /bin/true', await takeTurns(contestants, rounds, runs), 'without');
    for (const [title, file] of [
      ['directly below the rule', 'near'],
      ['eight directories below', `${DEEP}/far`],
    ]) {
      const open = (container) => async (count) => {
        const { stdout } = await container.run('/workspace/open', [String(count), `/workspace/${file}`]);
        return stdout.trim().split('\n').map(Number);
      };
      const openers = { 'without file rules': open(free), 'with file rules': open(confined) };
      print(`Open and close a file ${title}, µs`, await takeTurns(openers, rounds, runs), 'without', 3);
    }
  } finally {
    await free.destroy();
    await confined.destroy();
  }
}
