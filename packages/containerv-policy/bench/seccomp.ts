// Compile time of each base policy, and how many instructions its program executes for a call, beside what libseccomp
// makes of the same rules. Instructions are counted by the interpreter, so they do not depend on the machine.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditArch } from '../src/arch.js';
import { basePolicyNames } from '../src/base/base-policies.js';
import { createPolicy } from '../src/index.js';
import { DENY } from '../src/seccomp/answer.js';
import { loadFilter } from '../src/seccomp/interpreter.js';
import { syscallEntries } from '../src/syscalls/table.js';
import { buildWithLibseccomp, libseccompHarness } from '../test/differential/libseccomp.js';
import { benchGetppid } from './getppid.js';
import { boundaryArgs, rulesOf } from '../test/differential/oci-rules.js';

const arch = 'x64';
const directory = mkdtempSync(join(tmpdir(), 'containerv-policy-bench-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
const harness = libseccompHarness(directory);

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Milliseconds to make a program that nothing remembers: a rule that differs each time defeats the cache. */
function compileMs(name: (typeof basePolicyNames)[number]): number {
  const policy = createPolicy(name);
  const times = Array.from({ length: 200 }, (_, at) => {
    const own = policy.addSyscalls([{ names: ['bpf'], args: [{ index: 5, op: '==', value: at + 1 }] }]);
    const start = performance.now();
    own.compileSeccomp({ arch, log: false });
    return performance.now() - start;
  });
  return median(times.slice(50));
}

/** Instructions over every syscall with every boundary argument: mean of the syscalls, and the worst call. */
function count(program: Uint8Array, rules: ReturnType<typeof rulesOf>): string {
  const run = loadFilter(program);
  const perSyscall = syscallEntries(arch).map(([name, number]) =>
    boundaryArgs(rules, name).map((args) => run({ number, auditArch: auditArch[arch], args }).instructions),
  );
  const mean =
    perSyscall.reduce((sum, all) => sum + all.reduce((a, b) => a + b, 0) / all.length, 0) / perSyscall.length;
  return `${String(program.length / 8).padStart(5)} ${mean.toFixed(1).padStart(6)} ${String(Math.max(...perSyscall.flat())).padStart(6)}`;
}

const lines = [
  `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Linux ${release()} ${process.arch}, Node ${process.version}`,
  '',
  'policy    program            compile ms   size   mean  worst  (instructions, x64)',
];
for (const name of basePolicyNames) {
  const policy = createPolicy(name);
  const rules = rulesOf(policy, arch);
  const row = (maker: string, ms: string, counts: string): void => {
    lines.push(`${name.padEnd(9)} ${maker.padEnd(18)} ${ms.padStart(10)} ${counts}`);
  };
  row(
    'containerv',
    compileMs(name).toFixed(3),
    ` ${count(policy.compileSeccomp({ arch, log: false }), rules)}`,
  );
  if ('unavailable' in harness) continue;
  for (const tree of [true, false]) {
    const { program } = buildWithLibseccomp(harness, arch, { tree, defaultAnswer: DENY, rules });
    row(tree ? 'libseccomp, tree' : 'libseccomp, list', '', ` ${count(program, rules)}`);
  }
}
if ('unavailable' in harness) lines.push(`libseccomp: ${harness.unavailable}`);
lines.push('', ...benchGetppid(directory, harness));
process.stdout.write(`${lines.join('\n')}\n`);
