import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPolicy, type Policy } from '../src/index.js';
import { DENY } from '../src/seccomp/answer.js';
import { hostArch } from '../src/arch.js';
import { type CProgram, compileC } from '../test/support/compile-c.js';
import { buildWithLibseccomp } from '../test/differential/libseccomp.js';
import { rulesOf } from '../test/differential/oci-rules.js';

const CALLS = 2_000_000;
const ROUNDS = 9;

/**
 * What a system call costs under a filter: getppid in a loop, contestants in turn, the median of the rounds. Where the
 * kernel keeps a bitmap of what is allowed whatever the arguments (5.11), no filter is run at all; a filter that reads an
 * argument for getppid, which none of ours does, shows what running one costs.
 */
export function benchGetppid(directory: string, harness: CProgram): readonly string[] {
  const program = compileC('../bench/getppid.c', directory, ['-O2']);
  if ('unavailable' in program) return [`getppid: ${program.unavailable}`];
  const arch = hostArch();
  const filters = new Map<string, string>([['no filter', '-']]);
  const add = (name: string, bytes: Uint8Array): void => {
    const path = join(directory, `${name.replaceAll(/\W/g, '-')}.bpf`);
    writeFileSync(path, bytes);
    filters.set(name, path);
  };
  const own = (policy: Policy): Uint8Array => policy.compileSeccomp({ arch, log: false });
  for (const name of ['minimal', 'build', 'network'] as const) add(name, own(createPolicy(name)));
  const looked = createPolicy('build')
    .removeSyscalls(['getppid'])
    .addSyscalls([{ names: ['getppid'], args: [{ index: 5, op: '!=', value: 0x1234567890ab }] }]);
  add('build, reading an argument of getppid', own(looked));
  if (!('unavailable' in harness)) {
    for (const tree of [true, false]) {
      const { program: theirs } = buildWithLibseccomp(harness, arch, {
        tree,
        defaultAnswer: DENY,
        rules: rulesOf(looked, arch),
      });
      add(`the same by libseccomp, ${tree ? 'tree' : 'list'}`, theirs);
    }
  }
  const times = new Map<string, number[]>([...filters.keys()].map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, path] of filters) {
      const { stdout, status } = spawnSync(program.path, [path, String(CALLS)], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`getppid under '${name}' ended with ${status}`);
      times.get(name)?.push(Number(stdout));
    }
  }
  const median = (name: string): number =>
    [...(times.get(name) ?? [])].sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
  const floor = median('no filter');
  return [
    `getppid                                     ns   ratio   (median of ${ROUNDS} rounds of ${CALLS} calls)`,
    ...[...filters.keys()].map(
      (name) =>
        `${name.padEnd(38)} ${median(name).toFixed(1).padStart(7)} ${(median(name) / floor).toFixed(2).padStart(7)}`,
    ),
  ];
}
