import { disassembleFilter, type Policy } from 'containerv-policy';
import { checkWord } from 'containerv-api';
import type { Command, Output } from '../../command.js';
import { POLICY_VALUE, readPolicy } from '../../policy-argument.js';
import { json } from '../../table.js';
import { usageError } from '../../usage-error.js';

const FORMATS = ['asm', 'bpf', 'json', 'oci'] as const;
const ARCHES = ['x64', 'arm64'] as const;
type Arch = (typeof ARCHES)[number];

export const compile: Command = {
  name: 'policy compile',
  summary: 'Print the seccomp program of a policy.',
  synopsis: `[options] ${POLICY_VALUE}`,
  options: {
    format: { value: 'FORMAT', help: 'asm, bpf, json or oci (asm).' },
    arch: { value: 'ARCH', help: "x64 or arm64 (this machine's)." },
    log: { help: 'Compile to log and allow what would be denied.' },
  },
  notes:
    'bpf is an array of struct sock_filter, as seccomp(2) and bwrap --seccomp take it; json its instructions;\n' +
    'asm the same for people; oci a profile for OCI runtimes, Docker and Podman.',
  operands: [1, 1],
  async run({ operands, switches, values }, { stdout }) {
    const format = checkWord(values.get('format')?.[0] ?? 'asm', '--format', FORMATS);
    const arch = checkWord(values.get('arch')?.[0] ?? hostArch(), '--arch', ARCHES);
    const policy = readPolicy(operands[0] ?? '');
    print(policy, format, { arch, log: switches.has('log') }, stdout);
    return 0;
  },
};

function print(
  policy: Policy,
  format: (typeof FORMATS)[number],
  options: { readonly arch: Arch; readonly log: boolean },
  stdout: Output,
): void {
  if (format === 'oci') {
    if (options.log) throw usageError('--log means nothing with --format oci', 'Leave it out.');
    stdout.write(json(policy.toOciSeccomp({ arch: options.arch })));
    return;
  }
  const program = policy.compileSeccomp(options);
  if (format === 'asm') stdout.write(`${disassembleFilter(program)}\n`);
  else if (format === 'json') stdout.write(json(instructions(program)));
  else if (stdout.isTTY === true)
    throw usageError('--format bpf is binary, and stdout is a terminal', 'Redirect it into a file.');
  else stdout.write(Buffer.from(program));
}

function instructions(program: Uint8Array): { code: number; jt: number; jf: number; k: number }[] {
  const bytes = Buffer.from(program);
  return Array.from({ length: bytes.length / 8 }, (_, at) => ({
    code: bytes.readUInt16LE(8 * at),
    jt: bytes.readUInt8(8 * at + 2),
    jf: bytes.readUInt8(8 * at + 3),
    k: bytes.readUInt32LE(8 * at + 4),
  }));
}

function hostArch(): string {
  return ARCHES.find((arch) => arch === process.arch) ?? 'x64';
}
