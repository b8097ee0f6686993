/**
 * A seccomp program that refuses sockets of the family AF_UNIX with EACCES and lets everything else through: a policy
 * whose network rules have none for `unix` permits none. socketpair(2) stays: its ends reach nobody else.
 */
export function refuseUnixSockets(arch: 'x64' | 'arm64'): Uint8Array {
  const socketCall = arch === 'x64' ? 41 : 198;
  const program: readonly (readonly [code: number, whenTrue: number, whenFalse: number, value: number])[] = [
    [LOAD, 0, 0, SYSCALL_NUMBER],
    [JUMP_IF_EQUAL, 0, 3, socketCall],
    // The family is an int: the kernel ignores the upper half of the argument.
    [LOAD, 0, 0, FIRST_ARGUMENT],
    [JUMP_IF_EQUAL, 0, 1, AF_UNIX],
    [RETURN, 0, 0, RET_ERRNO | EACCES],
    [RETURN, 0, 0, RET_ALLOW],
  ];
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, whenTrue, whenFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(whenTrue, index * 8 + 2);
    bytes.writeUInt8(whenFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}

/** linux/filter.h, linux/seccomp.h */
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const SYSCALL_NUMBER = 0;
const FIRST_ARGUMENT = 16;
const RET_ALLOW = 0x7fff0000;
const RET_ERRNO = 0x00050000;
const AF_UNIX = 1;
const EACCES = 13;
