import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { type Container, createContainer, createPolicy } from 'containerv-linux';
import { FsAccess } from 'containerv-policy';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { landlockAbi } from '../support/landlock.js';
import { scratchPath } from '../support/scratch.js';

const SOURCE = '#include <stdio.h>\\nint main(void) { puts("built"); return 0; }\\n';

/** What a build does, by the tools it takes, with what it prints at its end. */
const BUILDS: readonly (readonly [title: string, tools: readonly string[], script: string, last: string])[] =
  [
    [
      'make',
      ['cc', 'make'],
      "printf 'all:\\n\\tcc -o program main.c\\n\\t./program\\n' > Makefile && make -s",
      'built',
    ],
    ['a test program in /tmp', ['cc'], 'cc -o /tmp/program main.c && /tmp/program', 'built'],
    [
      'cmake',
      ['cc', 'make', 'cmake'],
      "printf 'cmake_minimum_required(VERSION 3.10)\\nproject(p C)\\nadd_executable(p main.c)' > CMakeLists.txt" +
        ' && cmake -S . -B out > log && make -s -C out > log && out/p',
      'built',
    ],
    [
      'git',
      ['git'],
      'git init -q r && cp main.c r && cd r && git add . && git -c user.name=a -c user.email=a@b commit -q -m made' +
        ' && git clone -q . ../copy && git -C ../copy log --format=%s',
      'made',
    ],
    [
      'tar',
      ['tar', 'gzip'],
      'tar -czf all.tar.gz main.c && mkdir t && tar -xzf all.tar.gz -C t && ls t',
      'main.c',
    ],
    [
      'npm',
      ['npm'],
      'mkdir -p n/dep && cd n && echo \'{"name":"dep","version":"1.0.0"}\' > dep/package.json' +
        ' && echo \'{"name":"n","version":"1.0.0","scripts":{"t":"node -p 6*7"}}\' > package.json' +
        ' && npm install --offline --silent ./dep && npm run --silent t',
      '42',
    ],
    [
      'python',
      ['python3'],
      'python3 -c \'import subprocess, tempfile; tempfile.TemporaryFile(); subprocess.run(["echo", "ran"])\'',
      'ran',
    ],
  ];

const missing = (tools: readonly string[]): readonly string[] =>
  tools.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
const abi = await landlockAbi();

describe.skipIf(abi < 1)('a build that may use its workspace and nothing else of its own', () => {
  let container: Container;

  beforeAll(async () => {
    const source = scratchPath('workspace');
    mkdirSync(source);
    container = await createContainer({
      mounts: [{ source, target: '/workspace' }],
      env: { HOME: '/workspace', PATH: '/usr/local/bin:/usr/bin:/bin' },
      policy: createPolicy('build').addPaths(['/workspace'], FsAccess.All),
    });
    expect(container.enforced.landlock).toBe(abi);
  });
  afterAll(async () => container.destroy());

  for (const [title, tools, script, last] of BUILDS) {
    const absent = missing(tools);
    test.skipIf(absent.length > 0)(
      `${title}${absent.length > 0 ? ` (needs ${absent.join(', ')})` : ''}`,
      async () => {
        const cwd = `/workspace/${title.replaceAll(/\W/g, '-')}`;
        const whole = `set -e; mkdir ${cwd}; cd ${cwd}; printf '${SOURCE}' > main.c; ${script}`;
        const { stdout, stderr } = await container.run('sh', ['-c', whole], { reject: false });
        expect({ last: stdout.trimEnd().split('\n').at(-1), stderr }).toEqual({ last, stderr: '' });
      },
    );
  }

  test('has no other place to write', async () => {
    const { stdout } = await container.run('sh', [
      '-c',
      'for place in / /usr /etc /opt /root /home /run /var/tmp /var/lib; do (: > $place/new) 2> /dev/null && echo $place; done; echo end',
    ]);
    expect(stdout).toBe('end\n');
  });
});
