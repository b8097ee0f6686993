// What must be on the machine before anything can be installed or built, and the command that puts it there.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const MIN_NODE = [20, 19];

/** Per package manager, what provides a static C++ tool chain, make and Python. First one found wins. */
const PACKAGES = [
  ['apt-get', 'apt-get install -y g++ make python3'],
  ['dnf', 'dnf install -y gcc-c++ make python3 glibc-static libstdc++-static'],
  ['apk', 'apk add g++ make python3 linux-headers'],
  ['zypper', 'zypper install -y gcc-c++ make python3 glibc-devel-static'],
  ['pacman', 'pacman -S --needed gcc make python'],
];

/** Uses what containerv-init uses: C++20, threads, the kernel's headers, everything linked in statically. */
const PROGRAM = `
#include <linux/seccomp.h>
#include <span>
#include <string>
#include <thread>
int main(int argc, char** argv) {
  std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  std::string text(arguments.front());
  std::thread([&] { text += SECCOMP_MODE_FILTER; }).join();
  return text.empty();
}`;

/** @returns what is missing, one sentence each; empty when everything is there. */
export function missingPrerequisites({ version = process.versions.node, probe = probeMachine } = {}) {
  const missing = [];
  const [major, minor] = version.split('.').map(Number);
  if (major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1])) {
    missing.push(`Node.js ${MIN_NODE.join('.')} or newer (this is ${version})`);
  }
  for (const tool of ['npm', 'python3', 'make']) {
    if (!probe.runs(tool, ['--version'])) missing.push(`${tool} (not found, or it does not run)`);
  }
  const compiler = probe.compiler();
  if (compiler === undefined) missing.push('a C++ compiler (none of $CXX, c++, g++ and clang++ runs)');
  else {
    const said = probe.compile(compiler);
    if (said !== undefined) {
      missing.push(
        `a C++20 compiler with static C and C++ libraries and kernel headers (${compiler}: ${said})`,
      );
    }
  }
  return missing;
}

/** The command that installs the missing parts here, or advice where the package manager is unknown. */
export function fixFor(probe = probeMachine, isRoot = process.getuid?.() === 0) {
  const known = PACKAGES.find(([manager]) => probe.runs(manager, ['--version']));
  if (known === undefined) return 'Install a C++20 compiler with static libraries, make and Python 3.';
  return `Run: ${isRoot ? '' : 'sudo '}${known[1]}`;
}

const probeMachine = {
  runs(command, args) {
    return spawnSync(command, args, { stdio: 'ignore', shell: process.platform === 'win32' }).status === 0;
  },
  compiler() {
    return [process.env.CXX, 'c++', 'g++', 'clang++'].find(
      (name) => name !== undefined && name !== '' && probeMachine.runs(name, ['--version']),
    );
  },
  /** @returns the compiler's first complaint, or undefined */
  compile(compiler) {
    const directory = mkdtempSync(path.join(tmpdir(), 'containerv-check-'));
    try {
      const output = path.join(directory, 'program');
      const flags = ['-std=c++20', '-static', '-pthread', '-x', 'c++', '-', '-o', output];
      const { status, stderr } = spawnSync(compiler, flags, { input: PROGRAM, encoding: 'utf8' });
      if (status === 0) return undefined;
      return stderr.split('\n').find((line) => /error|cannot find/.test(line)) ?? `exit status ${status}`;
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
};
