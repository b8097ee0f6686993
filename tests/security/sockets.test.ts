import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { small } from '../support/container.js';
import { familyOf, initPid } from '../support/host.js';
import { describeAsRoot } from '../support/privilege.js';
import { isRoot } from '../support/suite.js';

/** Inodes of the sockets that these processes hold. */
function socketsOf(pids: readonly number[]): Set<string> {
  const links = pids.flatMap((pid) =>
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return [];
      }
    }),
  );
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** Names of sockets in the abstract name space of the host's network, with their inodes. */
function abstractSockets(): (readonly [inode: string, name: string])[] {
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, , , , , , inode = '', name = '']) => (name.startsWith('@') ? [[inode, name] as const] : []));
}

test('CVE-2020-15257: nothing of ours listens at an abstract address', async () => {
  await using container = await small(isRoot ? { network: 'host' } : {});
  await container.run('true');
  // As an ordinary user, what init holds cannot be looked at from here: it is not dumpable.
  const ours = socketsOf([process.pid, ...(isRoot ? familyOf(await initPid(container)) : [])]);
  expect(ours.size).toBeGreaterThan(0);
  expect(abstractSockets().filter(([inode]) => ours.has(inode))).toEqual([]);
});

test('the control socket and what lies beside it are the owner’s alone', async () => {
  await using container = await small();
  const directory = path.join(process.env['CONTAINERV_STATE_DIR'] ?? '', container.id);
  expect(lstatSync(directory).mode & 0o7777).toBe(0o700);
  for (const name of readdirSync(directory)) {
    const { mode } = lstatSync(path.join(directory, name));
    expect([name, mode & 0o077]).toEqual([name, 0]);
  }
  const data = path.join(process.env['CONTAINERV_DATA_DIR'] ?? '', container.id);
  expect(lstatSync(data).mode & 0o7777).toBe(0o700);
});

describeAsRoot('CVE-2020-15257: a container on the host’s network', () => {
  test('has no socket of the driver’s among those that it can see', async () => {
    await using container = await small({ network: 'host' });
    const seen = (await container.run('show', ['/proc/net/unix'])).stdout;
    const named = seen.split('\n').filter((line) => /containerv/.test(line));
    // By its path the control socket is seen, as every process of the host sees it; a path is no way in.
    for (const line of named) expect(line).toMatch(/\s\/\S+$/);
  });
});
