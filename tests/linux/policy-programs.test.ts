import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ContainerOptions, createContainer, createPolicy, type Policy } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { check, learn } from '../support/observed.js';
import { scratchPath } from '../support/scratch.js';

// Programs as they are installed on this machine, in containers with the whole confinement of a policy: that they work
// unmodified under the base policy that is meant for them, and again under the policy learned from that run.

interface Case {
  readonly what: string;
  readonly policy: Policy;
  /** What has to be installed, and the Debian package that it is in. */
  readonly needs: Readonly<Record<string, string>>;
  readonly command: readonly [string, ...string[]];
  readonly says: string;
}

const build = createPolicy('build');
const network = createPolicy('network');
const minimal = createPolicy('minimal');
const sh = (script: string): readonly [string, ...string[]] => ['sh', '-ec', script];

const cases: readonly Case[] = [
  {
    what: 'gcc',
    policy: build,
    needs: { gcc: 'gcc' },
    command: sh('gcc -O1 -o hello hello.c && ./hello'),
    says: 'hello',
  },
  {
    what: 'make in parallel',
    policy: build,
    needs: { make: 'make', gcc: 'gcc' },
    command: ['make', '-j4', 'all'],
    says: 'made',
  },
  {
    what: 'cmake',
    policy: build,
    needs: { cmake: 'cmake', make: 'make', gcc: 'gcc' },
    command: sh('cmake -S cmake -B cmake/out >/dev/null && cmake --build cmake/out && cmake/out/hello'),
    says: 'hello',
  },
  {
    what: 'git',
    policy: build,
    needs: { git: 'git' },
    command: sh(
      'git init -q r; cd r; git config user.email a@b; git config user.name a; cp ../hello.c .; git add .; git commit -qm first; ' +
        'git checkout -qb other; git gc -q; git clone -q . ../c; git -C ../c log --oneline',
    ),
    says: 'first',
  },
  {
    what: 'npm and a package’s own test suite',
    policy: build,
    needs: { npm: 'npm', node: 'nodejs' },
    command: sh('cd package && npm install --offline --no-audit --no-fund --silent && npm test --silent'),
    says: 'pass 2',
  },
  {
    what: 'tar, links, modes, times, pipes',
    policy: build,
    needs: { tar: 'tar' },
    command: sh(
      'mkdir -p d/e; echo x >d/e/f; ln -s f d/e/l; ln d/e/f d/e/h; chmod 2755 d; touch -d yesterday d/e/f; ' +
        'tar -C d -cf - . | gzip | (mkdir u; tar -C u -xzpf -); mv u w; rm -r d; cmp w/e/f w/e/h && echo same',
    ),
    says: 'same',
  },
  {
    what: 'python with processes and threads',
    policy: build,
    needs: { '/usr/bin/python3': 'python3' },
    command: ['/usr/bin/python3', 'work.py'],
    says: '42',
  },
  {
    what: 'perl with processes',
    policy: build,
    needs: { perl: 'perl' },
    command: [
      'perl',
      '-MFile::Temp',
      '-e',
      'my $t = File::Temp->new; print $t "x"; print "got " . `echo child`',
    ],
    says: 'got child',
  },
  {
    what: 'an HTTP server and client in node, and names',
    policy: network,
    needs: { node: 'nodejs' },
    command: ['node', 'http.mjs'],
    says: '200 pong 127.0.0.1',
  },
  {
    what: 'an HTTP server and client in python, and names',
    policy: network,
    needs: { '/usr/bin/python3': 'python3' },
    command: ['/usr/bin/python3', 'web.py'],
    says: '200 127.0.0.1',
  },
  {
    what: 'DNS over UDP to a server of its own',
    policy: network,
    needs: { node: 'nodejs' },
    command: ['node', 'dns.mjs'],
    says: '192.0.2.7',
  },
  {
    what: 'python alone',
    policy: minimal,
    needs: { '/usr/bin/python3': 'python3' },
    command: ['/usr/bin/python3', '-c', 'print(6*7)'],
    says: '42',
  },
  {
    what: 'sort with threads',
    policy: minimal,
    needs: { sort: 'coreutils' },
    command: ['sort', '--parallel=4', '/etc/passwd'],
    says: 'root',
  },
];

const files: Readonly<Record<string, string>> = {
  'hello.c': '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n',
  Makefile:
    'all: a b c\n\t@cat $^\na b c:\n\tgcc -o $@.bin hello.c && ./$@.bin >/dev/null && echo made $@ >$@\n',
  'cmake/CMakeLists.txt':
    'cmake_minimum_required(VERSION 3.10)\nproject(hello C)\nadd_executable(hello ../hello.c)\n',
  'package/package.json': JSON.stringify({
    name: 'own',
    version: '1.0.0',
    scripts: { test: 'node --test --test-reporter=spec' },
    dependencies: { helper: 'file:helper' },
  }),
  'package/helper/package.json': JSON.stringify({ name: 'helper', version: '1.0.0', main: 'index.js' }),
  'package/helper/index.js': 'module.exports = 42;\n',
  'package/own.test.js':
    "const { test } = require('node:test');\nconst assert = require('node:assert');\nconst { execFileSync } = require('node:child_process');\n" +
    "test('a dependency', () => assert.equal(require('helper'), 42));\n" +
    "test('a child', () => assert.equal(execFileSync('echo', ['x']).toString(), 'x\\n'));\n",
  'work.py':
    'import multiprocessing, subprocess, threading, socket\n' +
    'def main():\n' +
    '    t = [threading.Thread(target=str, args=(i,)) for i in range(8)]\n' +
    '    [x.start() for x in t]; [x.join() for x in t]\n' +
    '    print(subprocess.check_output(["echo", "child"]).decode())\n' +
    '    with multiprocessing.Pool(2) as pool: print(sum(pool.map(abs, [-20, -22])))\n' +
    'if __name__ == "__main__": main()\n',
  'http.mjs':
    "import { createServer } from 'node:http';\nimport { lookup } from 'node:dns/promises';\n" +
    "const server = createServer((_, reply) => reply.end('pong')).listen(0, '127.0.0.1', async () => {\n" +
    '  const reply = await fetch(`http://127.0.0.1:${server.address().port}/`);\n' +
    "  console.log(reply.status, await reply.text(), (await lookup('localhost', 4)).address);\n  server.close();\n});\n",
  'web.py':
    'import http.server, threading, urllib.request, socket\n' +
    's = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)\n' +
    'threading.Thread(target=s.serve_forever, daemon=True).start()\n' +
    'r = urllib.request.urlopen(f"http://127.0.0.1:{s.server_port}/")\n' +
    'print(r.status, socket.gethostbyname("localhost"))\n',
  'dns.mjs':
    "import { createSocket } from 'node:dgram';\nimport { Resolver } from 'node:dns/promises';\n" +
    "const server = createSocket('udp4');\n" +
    "server.on('message', (query, { port, address }) => {\n" +
    '  const end = query.indexOf(0, 12) + 5;\n' +
    '  const head = Buffer.from([query[0], query[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);\n' +
    '  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);\n' +
    '  server.send(Buffer.concat([head, query.subarray(12, end), record]), port, address);\n});\n' +
    "server.bind(0, '127.0.0.1', async () => {\n" +
    '  const resolver = new Resolver();\n' +
    '  resolver.setServers([`127.0.0.1:${server.address().port}`]);\n' +
    "  console.log(await resolver.resolve4('name.example'));\n  server.close();\n});\n",
};

/** A directory of its own for each run: what one leaves behind must not help the next. */
function container(policy: Policy): ContainerOptions {
  const workspace = scratchPath('workspace');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(workspace, name)), { recursive: true });
    writeFileSync(path.join(workspace, name), text);
  }
  chmodSync(workspace, 0o777);
  return {
    policy,
    mounts: [{ source: workspace, target: '/workspace' }],
    cwd: '/workspace',
    env: { HOME: '/workspace', PATH: '/usr/local/bin:/usr/bin:/bin' },
  };
}

const installed = (program: string): boolean =>
  spawnSync('sh', ['-c', 'command -v "$0"', program], { env: { PATH: '/usr/local/bin:/usr/bin:/bin' } })
    .status === 0;

/** The files of the program itself, for policies that confine files. */
const withWorkspace = (policy: Policy): Policy =>
  policy.name === 'build' ? policy : policy.addPaths(['/workspace'], 3);

for (const { what, policy, needs, command, says } of cases) {
  const missing = Object.entries(needs).find(([program]) => !installed(program));
  const skipped = missing === undefined ? '' : ` (skipped: apt-get install ${missing[1]})`;
  describe.skipIf(missing !== undefined)(`${policy.name}: ${what}${skipped}`, () => {
    const [file, ...args] = command;

    test('works unmodified', async () => {
      await using box = await createContainer(container(withWorkspace(policy)));
      const { exitCode, stdout, stderr } = await box.run(file, args, { reject: false, timeout: '50s' });
      expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
      expect(stdout).toContain(says);
    });

    test('works again under what was learned, with nothing more denied', async () => {
      const { policy: _, ...first } = container(policy);
      const learned = await learn(command, { within: withWorkspace(policy), container: first });
      expect([learned.status.exitCode, learned.stdout]).toEqual([0, expect.stringContaining(says)]);
      const { policy: __, ...second } = container(policy);
      const again = await check(learned.policy, command, { container: second });
      // What was denied already while learning, and did not matter, is denied again.
      const denied = again.denied.filter(
        ({ what: own }) => !learned.denied.some((known) => known.what === own),
      );
      expect([again.status.exitCode, again.stdout, denied]).toEqual([0, expect.stringContaining(says), []]);
      // As a user would, without anybody watching.
      await using box = await createContainer(container(learned.policy));
      const { exitCode, stdout, stderr } = await box.run(file, args, { reject: false, timeout: '50s' });
      expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
      expect(stdout).toContain(says);
    });
  });
}

describe('the command line', () => {
  const cli = path.join(path.dirname(fileURLToPath(import.meta.resolve('containerv'))), 'cli.js');
  const containerv = (args: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [cli, 'policy', ...args], { encoding: 'utf8' });

  test('learns, checks and runs', () => {
    const file = scratchPath('policy.json');
    const program = ['sh', '-c', 'echo hello | cat; mkdir /tmp/d'];
    const learned = containerv(['learn', '-o', file, '--', ...program]);
    expect(learned).toMatchObject({ status: 0, stdout: 'hello\n' });
    expect(learned.stderr).toContain(`wrote 'learned' to ${file}`);
    const checked = containerv(['check', '--fail-on-denial', file, '--', ...program]);
    expect(checked).toMatchObject({
      status: 0,
      stdout: 'hello\n',
      stderr: "containerv: 'learned' denied nothing\n",
    });
    const denied = containerv(['check', file, '--', 'sh', '-c', 'cat /etc/hostname; chmod 700 /tmp; true']);
    expect(denied.status).toBe(0);
    expect(denied.stderr).toContain('containerv: denied: read /etc/hostname: EACCES, once\n');
    expect(denied.stderr).toContain('  allowed by the rule: {"path":"/etc/hostname","access":["read"]}\n');
    expect(denied.stderr).toContain('containerv: denied: fchmodat: EPERM, once\n');
    const run = spawnSync(process.execPath, [cli, 'run', '--policy', file, '--', ...program], {
      encoding: 'utf8',
    });
    expect(run).toMatchObject({ status: 0, stdout: 'hello\n' });
  });
});
