import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tracer, underAttack } from '../support/attack.js';
import { small } from '../support/container.js';
import { describeAsRoot } from '../support/privilege.js';
import { makeRoot } from '../support/root.js';
import { initPid } from '../support/host.js';
import { full, isRoot } from '../support/suite.js';

const STARTS = full ? 2000 : 60;
const SET_ID = 0o6000;

const packageDirectory = path.dirname(fileURLToPath(import.meta.resolve('containerv-linux')));

function digestOfPrograms(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(packageDirectory, { recursive: true }).map(String).sort()) {
    const file = path.join(packageDirectory, name);
    if (lstatSync(file).isFile()) hash.update(name).update(readFileSync(file));
  }
  return hash.digest('hex');
}

test.for(isRoot ? [true, false] : [true])(
  'CVE-2019-5736: a container that runs and overwrites /proc/self/exe leaves ours as it is, user namespace %s',
  async (user) => {
    const rootfs = makeRoot();
    const script = path.join(rootfs, 'bin/self');
    writeFileSync(script, '#!/proc/self/exe\n');
    chmodSync(script, 0o755);
    const before = digestOfPrograms();
    await using container = await small({
      rootfs,
      namespaces: { user },
      policy: user ? tracer : 'build',
    });
    const { rounds, loot } = await underAttack(container, 'overwrite', async () => {
      for (let round = 0; round < STARTS; round++) {
        // The kernel takes the program that is about to be replaced, which is init's, as the interpreter.
        await container.run('self', [], { reject: false }).catch(() => undefined);
        await container.run('true');
      }
    });
    expect(rounds).toBeGreaterThan(0);
    expect(loot).toEqual([]);
    expect(digestOfPrograms()).toBe(before);
    expect((await container.run('echo', ['well'])).stdout).toBe('well\n');
  },
);

describeAsRoot('CVE-2019-5736: the program that runs as process 1', () => {
  test('is byte for byte the package’s, after the attack as before', async () => {
    await using container = await small();
    const running = (): Buffer => readFileSync(`/proc/${initPidOf}/exe`);
    const initPidOf = await initPid(container);
    const before = running();
    await underAttack(container, 'overwrite', async () => {
      for (let round = 0; round < 20; round++) await container.run('true');
    });
    expect(running().equals(before)).toBe(true);
    const installed = readdirSync(packageDirectory, { recursive: true })
      .map(String)
      .find((name) => path.basename(name) === 'containerv-init');
    expect(running().equals(readFileSync(path.join(packageDirectory, installed ?? '')))).toBe(true);
  });
});

test('CVE-2020-5291, CVE-2026-41163, CVE-2022-47952: nothing of the package gives its user privileges', () => {
  const privileged = readdirSync(packageDirectory, { recursive: true })
    .map(String)
    .filter((name) => lstatSync(path.join(packageDirectory, name)).mode & SET_ID);
  expect(privileged).toEqual([]);
});
