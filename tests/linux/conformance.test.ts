// The cases that every driver passes, here over Linux; `windows/cases/conformance.test.ts` runs the same over Windows.
import { createContainer, joinContainer, listContainers, probeHost, pruneContainers } from 'containerv-linux';
import { describe, test } from 'vitest';
import { conformanceCases, type Harness } from '../conformance/index.js';
import { isRoot } from '../support/suite.js';

const sh = (script: string, ...args: readonly string[]): readonly [string, readonly string[]] => [
  '/bin/sh',
  ['-c', script, 'sh', ...args],
];

const linux: Harness = {
  driver: { joinContainer, listContainers, probeHost, pruneContainers },
  guest: 'linux',
  pauses: isRoot,
  create: createContainer,
  commands: {
    both: sh('printf out; printf err >&2'),
    copy: ['cat', []],
    exit: (code) => sh(`exit ${code}`),
    sleep: (seconds) => ['sleep', [String(seconds)]],
    fill: (bytes) => ['head', ['-c', String(bytes), '/dev/zero']],
    variable: (name) => sh(`printf %s "$${name}"`),
    echo: (args) => sh(String.raw`printf '%s\000' "$@"`, ...args),
    missing: ['/no/such/command', []],
  },
};

describe('conformance of containerv-linux', () => {
  for (const { name, run } of conformanceCases) test(name, async () => run(linux));
});
