// What serve-exec.exe does with a description of a container that is not what the driver writes. The directory is the
// user's own; what is in it is not believed for that.
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingForTrials, Trial, type World } from './support/serve-exec.js';
import { setUpPrograms, stopLane } from './wine/lane.mjs';

const missing = await missingForTrials();
if (missing !== undefined) {
  test(`needs Wine and a compiler for Windows: ${missing}`, (context) => context.skip());
}

type Description = Record<string, unknown> & { parameters: Record<string, unknown> };
const LINUX: World = { options: { windows: { containerType: 'linux' }, rootfs: String.raw`C:\image` } };
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe.skipIf(missing !== undefined).concurrent('serve-exec.exe', { timeout: 120_000 }, () => {
  beforeAll(setUpPrograms, 600_000);
  afterAll(stopLane);

  const fileOf = (trial: Trial): string => path.join(trial.directory, 'box/join.json');
  const descriptionOf = (trial: Trial): Description =>
    JSON.parse(readFileSync(fileOf(trial), 'utf8')) as Description;
  /** One line, 125, and nothing asked of the service that it would not forgive. */
  const expectRefusal = async (trial: Trial, started: boolean): Promise<void> => {
    const { status, stdout, stderr } = await trial.guest(['exit', '0']);
    expect({ status, stdout: stdout.toString() }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(/^serve-exec: [^\n]{10,2000}\n$/);
    expect(trial.faults).toEqual([]);
    expect(trial.journal.some((line) => line.startsWith('process '))).toBe(started);
  };

  test.for<readonly [string, (right: string) => string | Buffer]>([
    ['nothing', () => ''],
    ['a NUL', () => '\0'],
    ['null', () => 'null'],
    ['a number', () => '1'],
    ['an array', (right) => `[${right}]`],
    ['an object of nothing', () => '{}'],
    ['half of it', (right) => right.slice(0, right.length / 2)],
    ['it twice', (right) => right + right],
    ['it behind a byte order mark', (right) => `\uFEFF${right}`],
    ['UTF-16', (right) => Buffer.from(right, 'utf16le')],
    ['a hundred thousand levels', () => deep(100_000)],
    ['a hundred thousand levels that do not end', () => '{"a":'.repeat(100_000)],
    [
      '65 levels among the parameters',
      (right) => right.replace('"parameters":{', `"parameters":{"x":${deep(65)},`),
    ],
    ['33 MiB of spaces', (right) => right + ' '.repeat(33 * 1024 ** 2)],
    ['33 MiB of text', (right) => right.replace('"owner":"', `"owner":"${'x'.repeat(33 * 1024 ** 2)}`)],
    ['a line end within text', (right) => right.replace('"owner":"', '"owner":"\n')],
  ])('refuses %s', async ([, text]) => {
    using trial = new Trial();
    writeFileSync(fileOf(trial), text(readFileSync(fileOf(trial), 'utf8')));
    await expectRefusal(trial, false);
  });

  test.for<readonly [string, (right: Description) => object, World?]>([
    ['another version', (right) => ({ ...right, version: 2 })],
    ['a version in words', (right) => ({ ...right, version: '1' })],
    ['no owner', (right) => ({ ...right, owner: undefined })],
    ['an empty owner', (right) => ({ ...right, owner: '' })],
    ['an owner that is a number', (right) => ({ ...right, owner: 7 })],
    ['somebody else', (right) => ({ ...right, owner: 'somebody' })],
    ['an owner behind a NUL', (right) => ({ ...right, owner: `${String(right['owner'])}\0x` })],
    ['another guest', (right) => ({ ...right, guest: 'mac' })],
    ['parameters that are a list', (right) => ({ ...right, parameters: [] })],
    ['parameters that are text', (right) => ({ ...right, parameters: '{}' })],
    [
      'an environment that is text',
      ({ parameters, ...right }) => ({ ...right, parameters: { ...parameters, Environment: 'A=b' } }),
    ],
    [
      'an environment that is a list',
      ({ parameters, ...right }) => ({ ...right, parameters: { ...parameters, Environment: ['A=b'] } }),
    ],
    [
      'no process of Linux',
      ({ parameters, ...right }) => ({ ...right, parameters: { ...parameters, OciProcess: undefined } }),
      LINUX,
    ],
    [
      'a process that is a list',
      ({ parameters, ...right }) => ({ ...right, parameters: { ...parameters, OciProcess: [] } }),
      LINUX,
    ],
    [
      'a Linux environment that is an object',
      ({ parameters, ...right }) => ({ ...right, parameters: { ...parameters, OciProcess: { env: {} } } }),
      LINUX,
    ],
  ])('refuses %s', async ([, change, world]) => {
    using trial = new Trial(world);
    writeFileSync(fileOf(trial), JSON.stringify(change(descriptionOf(trial))));
    await expectRefusal(trial, false);
  });

  test('what a command is, where, and with which streams, is never the description’s', async () => {
    using trial = new Trial();
    const { parameters, ...right } = descriptionOf(trial);
    const planted = {
      CommandLine: 'guest.exe exit 9',
      ConsoleSize: [1, 1],
      EmulateConsole: true,
      CreateStdErrPipe: false,
      CreateStdOutPipe: false,
    };
    writeFileSync(
      fileOf(trial),
      JSON.stringify({ ...right, parameters: { ...parameters, ...planted, ConsoleSize: undefined } }),
    );
    const { status, stdout, stderr } = await trial.guest(['both']);
    expect({ status, stdout: stdout.toString(), stderr }).toEqual({
      status: 0,
      stdout: 'out',
      stderr: 'err',
    });
    expect(trial.parameters).toMatchObject({ CommandLine: 'guest.exe both', EmulateConsole: false });
    expect(trial.faults).toEqual([]);
  });

  test('the first of two members of one name counts, as long as it is right', async () => {
    using trial = new Trial();
    const right = readFileSync(fileOf(trial), 'utf8');
    writeFileSync(fileOf(trial), right.replace('"owner":', '"owner":"somebody","owner":'));
    await expectRefusal(trial, false);
  });

  test.for<readonly [string, (file: string) => void]>([
    ['a directory', (file) => mkdirSync(file)],
    ['a link to nowhere', (file) => symlinkSync('nowhere', file)],
    ['a link to a device', (file) => symlinkSync('/dev/zero', file)],
  ])('refuses %s in its place', async ([, make]) => {
    using trial = new Trial();
    rmSync(fileOf(trial));
    make(fileOf(trial));
    await expectRefusal(trial, false);
  });

  test.for(['nul', 'con', 'aux', 'com1', 'CONIN$'])('a container called %s is no device', async (id) => {
    using trial = new Trial();
    const { status, stderr } = await trial.run(['--container', id, '--path', 'guest.exe']);
    expect(status).toBe(125);
    expect(stderr).toMatch(/^serve-exec: [^\n]+\n$/);
    expect(trial.journal).toEqual([]);
  });
});
