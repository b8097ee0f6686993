// Compiles and runs a C program in a container on this machine's own system directories, and says where it ran, what
// was enforced and how long each part took.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createContainer, isContainervError, probeHost } from '../packages/containerv/dist/index.js';

const PROGRAM = String.raw`
#include <stdio.h>
#include <unistd.h>
#include <sys/utsname.h>

int main(void) {
  struct utsname host;
  char directory[256];
  uname(&host);
  printf("Hello from %s: process %d, user %d, in %s\n", host.nodename, getpid(), getuid(),
         getcwd(directory, sizeof directory));
  return 0;
}
`;

const MAKEFILE = 'hello: hello.c\n\t$(CC) -O2 -Wall -o $@ $<\n';

async function demo(workspace) {
  await writeFile(path.join(workspace, 'hello.c'), PROGRAM);
  await writeFile(path.join(workspace, 'Makefile'), MAKEFILE);

  const creating = performance.now();
  const container = await createContainer({
    mounts: [{ source: workspace, target: '/workspace' }],
    cwd: '/workspace',
    policy: 'build',
  });
  try {
    const ready = performance.now();
    await build(container, workspace);
    const built = performance.now();
    printEnforced(container);
    const destroying = performance.now();
    await container.destroy();
    printTimes({
      create: ready - creating,
      'build and run': built - ready,
      destroy: performance.now() - destroying,
      // The first container of a program also loads the driver.
      'ten more, median': await median(another),
    });
  } finally {
    await container.destroy();
  }
}

async function build(container, workspace) {
  const made = await container.run('make', ['CC=cc']);
  const run = await container.run('./hello');
  const secrets = await container.run('cat', ['/etc/shadow'], { reject: false });
  const outside = await container.run(
    'sh',
    ['-c', 'find /home /root -mindepth 1 | wc -l; ls /sys/class/net'],
    {
      lines: true,
    },
  );

  console.log('In the container');
  console.log(`  $ make          ${made.stdout.trim()}`);
  console.log(`  $ ./hello       ${run.stdout.trim()}`);
  console.log(`  $ cat /etc/shadow   ${secrets.stderr.trim()}`);
  console.log(
    `  entries in /home and /root: ${outside.stdout[0]}; network interfaces: ${outside.stdout.slice(1).join(', ')}`,
  );
  const { size } = await stat(path.join(workspace, 'hello'));
  console.log(`  ${workspace}/hello is on the host now: ${size} bytes`);
}

function printEnforced(container) {
  console.log('\nEnforced, as the kernel tells it');
  for (const [name, value] of Object.entries(container.enforced)) {
    console.log(`  ${name.padEnd(16)} ${show(value)}`);
  }
}

function printTimes(times) {
  console.log('\nTime');
  for (const [what, ms] of Object.entries(times)) console.log(`  ${what.padEnd(16)} ${ms.toFixed(1)} ms`);
}

async function another() {
  const container = await createContainer();
  try {
    await container.run('true');
  } finally {
    await container.destroy();
  }
}

async function median(work) {
  const times = [];
  for (let run = 0; run < 10; run++) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

function show(value) {
  if (Array.isArray(value)) return value.map(show).join(' ');
  if (typeof value !== 'object' || value === null) return String(value);
  // A run of ids: from which one inside, to which one of the host, and how many.
  if ('size' in value) return `${value.container}:${value.host}:${value.size}`;
  return Object.entries(value)
    .map(([name, held]) => `${name}=${show(held)}`)
    .join(' ');
}

const workspace = await mkdtemp(path.join(tmpdir(), 'containerv-demo-'));
try {
  await demo(workspace);
} catch (error) {
  if (!isContainervError(error)) throw error;
  console.error(error.message);
  const { checks } = await probeHost();
  for (const check of checks.filter(({ status }) => status !== 'ok')) {
    console.error(
      `  ${check.status}: ${check.name}: ${check.detail}${check.fix === undefined ? '' : `\n    ${check.fix}`}`,
    );
  }
  process.exitCode = 1;
} finally {
  await rm(workspace, { recursive: true, force: true });
}
