import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createPolicy, type Policy } from '../../src/index.js';
import { compileC, pathOf, whySkipped } from '../support/compile-c.js';
import { installed, makeLauncher } from './launcher.js';

const launcher = makeLauncher();
const { directory, run } = launcher;
const minimal = createPolicy('minimal');
const build = createPolicy('build');
const network = createPolicy('network');

/** A command that must succeed and say `says`. */
interface Case {
  readonly what: string;
  readonly policy: Policy;
  readonly needs: string;
  readonly args: readonly string[];
  readonly says: string;
}

function writeFile(name: string, text: string): void {
  const path = join(directory, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
}

const shell = (script: string): readonly string[] => ['-ec', script];

const cases: readonly Case[] = [
  { what: 'true', policy: minimal, needs: 'true', args: [], says: '' },
  { what: 'ls', policy: minimal, needs: 'ls', args: ['-la', '/'], says: 'etc' },
  { what: 'cat', policy: minimal, needs: 'cat', args: ['/etc/hostname'], says: '' },
  {
    what: 'sort with threads',
    policy: minimal,
    needs: 'sort',
    args: ['--parallel=4', '/etc/passwd'],
    says: 'root',
  },
  { what: 'python', policy: minimal, needs: 'python3', args: ['-c', 'print(6 * 7)'], says: '42' },
  { what: 'perl', policy: minimal, needs: 'perl', args: ['-e', 'print 6 * 7'], says: '42' },
  {
    what: 'a shell without children',
    policy: minimal,
    needs: 'sh',
    args: shell('read x < /etc/passwd; echo got $x'),
    says: 'got root',
  },

  {
    what: 'gcc and what it makes',
    policy: build,
    needs: 'gcc',
    args: ['-O1', '-o', 'a.out', 'hello.c'],
    says: '',
  },
  { what: 'make', policy: build, needs: 'make', args: ['-j2', '-f', 'hello.mk'], says: 'hello from make' },
  {
    what: 'cmake',
    policy: build,
    needs: 'cmake',
    args: ['-S', 'cmake', '-B', 'cmake/out', '-DCMAKE_BUILD_TYPE=Release'],
    says: 'Build files have been written',
  },
  {
    what: 'git',
    policy: build,
    needs: 'git',
    args: [
      '-c',
      'alias.all=!git init -q r && cd r && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first && git gc -q && git clone -q . ../c && git -C ../c log --oneline',
      'all',
    ],
    says: 'first',
  },
  {
    what: 'tar, pipes, links, modes, times',
    policy: build,
    needs: 'sh',
    args: shell(
      'mkdir -p d/e; echo x > d/e/f; ln -s f d/e/l; ln d/e/f d/e/h; chmod 2755 d; touch -d yesterday d/e/f; mkfifo d/p; ' +
        'tar -C d -cf - . | gzip | (mkdir -p u && tar -C u -xzpf -); truncate -s 1M u/big; cp -a u v; mv v w; rm -rf d; ' +
        '(sleep 0.01 & wait); ulimit -c 0; stat -c %F u/p; find w | wc -l',
    ),
    says: 'fifo',
  },
  {
    what: 'python with child processes',
    policy: build,
    needs: 'python3',
    args: [
      '-c',
      'import subprocess, multiprocessing, socket\n' +
        'print(subprocess.check_output(["echo", "child"]).decode())\n' +
        'if __name__ == "__main__":\n' +
        '    with multiprocessing.Pool(2) as pool: print(sum(pool.map(abs, [-20, -22])))\n' +
        '    a, b = socket.socketpair(); a.send(b"pair"); print(b.recv(4).decode())',
    ],
    says: '42',
  },
  {
    what: 'perl with child processes',
    policy: build,
    needs: 'perl',
    args: ['-e', 'print "got " . `echo child`'],
    says: 'got child',
  },
  {
    what: 'node with child processes, workers, watchers',
    policy: build,
    needs: 'node',
    args: [
      '-e',
      'const { execFileSync } = require("child_process"); const { Worker } = require("worker_threads"); const fs = require("fs");' +
        'fs.watch(".").close(); const w = new Worker("require(\'worker_threads\').parentPort.postMessage(\'worker\')", { eval: true });' +
        'w.on("message", (m) => console.log(m, execFileSync("echo", ["child"]).toString()));',
    ],
    says: 'worker child',
  },
  { what: 'fakeroot', policy: build, needs: 'fakeroot', args: ['id', '-u'], says: '0' },
  {
    what: 'bash with process substitution',
    policy: build,
    needs: 'bash',
    args: shell('cat <(echo inside)'),
    says: 'inside',
  },

  {
    what: 'an HTTP server and client in node',
    policy: network,
    needs: 'node',
    args: [
      '-e',
      'const s = require("http").createServer((q, r) => r.end("pong")).listen(0, "127.0.0.1", async () => {' +
        'const r = await fetch(`http://127.0.0.1:${s.address().port}/`); console.log(r.status, await r.text());' +
        'const l = await require("dns/promises").lookup("localhost"); console.log(l.address); s.close(); });',
    ],
    says: '200 pong',
  },
  {
    what: 'an HTTP server and client in python',
    policy: network,
    needs: 'python3',
    args: [
      '-c',
      'import http.server, threading, urllib.request, socket\n' +
        's = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)\n' +
        'threading.Thread(target=s.serve_forever, daemon=True).start()\n' +
        'print(urllib.request.urlopen(f"http://127.0.0.1:{s.server_port}/").status, socket.gethostbyname("localhost"))',
    ],
    says: '200 127.0.0.1',
  },
  {
    what: 'names from the system',
    policy: network,
    needs: 'getent',
    args: ['hosts', 'localhost'],
    says: 'localhost',
  },
];

writeFile('hello.c', '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n');
writeFile(
  'hello.mk',
  'all: one two\n\t@echo hello from make\none two:\n\t$(CC) -o $@ hello.c && ./$@ > $@.txt\n',
);
writeFile(
  'cmake/CMakeLists.txt',
  'cmake_minimum_required(VERSION 3.10)\nproject(hello C)\nadd_executable(hello ../hello.c)\n',
);

const noLauncher = 'unavailable' in launcher.program;

describe.skipIf(noLauncher)(`real programs run unmodified${whySkipped(launcher.program)}`, () => {
  for (const { what, policy, needs, args, says } of cases) {
    const command = installed(needs);
    test.skipIf(command === undefined)(
      `${policy.name}: ${what}${command === undefined ? ` (skipped: ${needs} is not installed)` : ''}`,
      () => {
        const { status, signal, stdout, stderr } = run(policy, command ?? '', args);
        expect({ status, signal, stderr: status === 0 ? '' : stderr }).toEqual({
          status: 0,
          signal: null,
          stderr: '',
        });
        expect(stdout).toContain(says);
      },
    );
  }

  test('build: what gcc made runs, also under minimal', () => {
    const { status } = run(build, installed('cc') ?? installed('gcc') ?? '', ['-o', 'hello', 'hello.c']);
    expect(status).toBe(0);
    expect(run(minimal, join(directory, 'hello')).stdout).toBe('hello\n');
  });

  test('minimal: threads work, fork does not', () => {
    const threads = compileC('kernel/programs/threads.c', directory, ['-pthread']);
    expect(run(minimal, pathOf(threads))).toEqual({
      status: 0,
      signal: null,
      stdout: '8 threads, fork: Operation not permitted\n',
      stderr: '',
    });
    expect(run(build, pathOf(threads)).stdout).toBe('8 threads, fork: possible\n');
  });

  const musl = installed('musl-gcc');
  test.skipIf(musl === undefined)(
    `minimal: threads under musl${musl === undefined ? ' (skipped: no musl-gcc)' : ''}`,
    () => {
      const source = fileURLToPath(new URL('programs/threads.c', import.meta.url));
      const made = run(build, musl ?? '', ['-static', '-o', 'threads-musl', source]);
      expect(made).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
      const said = run(minimal, join(directory, 'threads-musl')).stdout;
      expect(said).toBe('8 threads, fork: Operation not permitted\n');
    },
  );

  test('custom: a program that only exits, and no other', () => {
    const exit = compileC('kernel/programs/exit-only.c', directory, [
      '-static',
      '-nostdlib',
      '-fno-stack-protector',
    ]);
    expect(run(createPolicy('custom'), pathOf(exit)).status).toBe(7);
    // A dynamically linked program ends in its loader.
    expect(run(createPolicy('custom'), installed('true') ?? '').status).not.toBe(0);
  });
});
