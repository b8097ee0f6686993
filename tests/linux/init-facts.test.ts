import { openSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { small } from '../support/container.js';
import { initPid } from '../support/host.js';
import { describeAsRoot } from '../support/privilege.js';

const MEBIBYTE = 1024 ** 2;
const ELF = {
  magic: Buffer.from('\u007fELF', 'latin1'),
  headersAt: 32,
  headerSize: 54,
  headerCount: 56,
  interpreter: 3,
  dynamic: 2,
};

/** The program that is process 1, as the package holds it. */
function executable(): string {
  const libc = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header
    .glibcVersionRuntime;
  const directory = path.dirname(fileURLToPath(import.meta.resolve('containerv-linux')));
  return path.join(
    directory,
    'native',
    `${process.arch}-${libc === undefined ? 'musl' : 'gnu'}`,
    'containerv-init',
  );
}

/** Types of the program headers of a 64-bit ELF file (elf(5)). */
function programHeaders(bytes: Buffer): number[] {
  const at = Number(bytes.readBigUInt64LE(ELF.headersAt));
  const size = bytes.readUInt16LE(ELF.headerSize);
  return Array.from({ length: bytes.readUInt16LE(ELF.headerCount) }, (_, index) =>
    bytes.readUInt32LE(at + index * size),
  );
}

describe('containerv-init', () => {
  const bytes = readFileSync(executable());

  test('is static: it asks for no loader and no library', () => {
    expect(bytes.subarray(0, 4)).toEqual(ELF.magic);
    const types = programHeaders(bytes);
    expect(types.length).toBeGreaterThan(1);
    expect(types).not.toContain(ELF.interpreter);
    expect(types).not.toContain(ELF.dynamic);
  });

  test('is smaller than 2 MB', () => {
    expect(statSync(executable()).size).toBeLessThan(2_000_000);
  });
});

/** Kilobytes of a field in /proc/PID/smaps_rollup. */
function rollup(pid: number, field: string): number {
  return Number(
    new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1],
  );
}

describeAsRoot('an idle init', () => {
  test('has less than 1 MB of memory of its own, also after work', async () => {
    await using container = await small();
    const pid = await initPid(container);
    const fresh = rollup(pid, 'Pss');
    expect(fresh).toBeGreaterThan(0);
    expect(fresh * 1024).toBeLessThan(MEBIBYTE);
    await container.run('arguments', Array<string>(2000).fill('x'.repeat(500)));
    for (let round = 0; round < 300; round++) await container.run('true');
    await Promise.all(Array.from({ length: 100 }, async () => container.run('sleep', ['50'])));
    expect(rollup(pid, 'Pss') * 1024).toBeLessThan(MEBIBYTE);
    // What comes from one file is shared by all of them, what is private is each one's own.
    expect(rollup(pid, 'Private_Dirty')).toBeLessThan(512);
  });

  test('runs from memory that nobody can write to', async () => {
    await using container = await small();
    const exe = `/proc/${await initPid(container)}/exe`;
    expect(readlinkSync(exe)).toMatch(/^\/memfd:/);
    expect(() => openSync(exe, 'r+')).toThrow(/ETXTBSY|EPERM|EACCES/);
    expect(readFileSync(exe).equals(readFileSync(executable()))).toBe(true);
  });

  test('has no environment and no working directory of the host', async () => {
    await using container = await small();
    const directory = `/proc/${await initPid(container)}`;
    expect(readFileSync(`${directory}/environ`, 'utf8')).toBe('');
    expect(statSync(`${directory}/cwd/`).ino).toBe(statSync(`${directory}/root/`).ino);
    expect(statSync(`${directory}/root/`).dev).not.toBe(statSync('/').dev);
  });
});
