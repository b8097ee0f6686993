import { describe, expect, test } from 'vitest';
import { json, small } from '../support/container.js';

describe('arguments', () => {
  test.for<readonly [string, readonly string[]]>([
    ['none', []],
    ['empty ones', ['', '', 'x', '']],
    [
      'blanks, quotes and newlines',
      ['a b', "it's", '"quoted"', 'line\nbreak', '\ttab', String.raw`back\slash`],
    ],
    ['what a shell would take apart', ['$HOME', '`id`', '*', '~', ';', '&&', '|', '>x', '#', '!']],
    ['what looks like options', ['--', '-x', '--help', '--version=1', '-']],
    ['UTF-8', ['é', '日本語', '🙂', 'a\u0301', '\u{10ffff}']],
    ['control characters', ['\u0001', '\u001b[31m', '\r', '\u007f']],
  ])('%s arrive as they are', async ([, args]) => {
    await using container = await small();
    expect(await json(container, 'arguments', args)).toEqual(['arguments', ...args]);
  });

  test('ten thousand', async () => {
    await using container = await small();
    const args = Array.from({ length: 10_000 }, (_, index) => `argument ${index} ${'x'.repeat(index % 50)}`);
    expect(await json(container, 'arguments', args)).toEqual(['arguments', ...args]);
  });

  test('argv[0] is the command as it was given', async () => {
    await using container = await small();
    expect(await json(container, '/bin/arguments')).toEqual(['/bin/arguments']);
    expect(await json(container, '/../bin/./arguments')).toEqual(['/../bin/./arguments']);
  });
});

describe('environment', () => {
  const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

  test('nothing of the host is in it', async () => {
    process.env['CONTAINERV_TEST_SECRET'] = 'must stay outside';
    await using container = await small();
    expect(await json(container, 'environment')).toEqual([PATH]);
    delete process.env['CONTAINERV_TEST_SECRET'];
  });

  test('the container’s, then the process’s over it; undefined removes', async () => {
    await using container = await small({ env: { A: 'container', B: 'container', C: 'container' } });
    const options = { env: { B: 'process', C: undefined, D: '' } };
    const found = await json<string[]>(container, 'environment', [], options);
    expect(found.sort()).toEqual(['A=container', 'B=process', 'D=', PATH]);
    expect((await json<string[]>(container, 'environment')).sort()).toEqual([
      'A=container',
      'B=container',
      'C=container',
      PATH,
    ]);
  });

  test('values of any kind', async () => {
    await using container = await small();
    const env = {
      EMPTY: '',
      LINES: 'a\nb\n',
      EQUALS: '=a=b=',
      UNICODE: 'ü🙂',
      BLANK: ' ',
      'ODD.name-1': 'x',
    };
    const found = await json<string[]>(container, 'environment', [], { env });
    expect(found.sort()).toEqual(
      [PATH, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)].sort(),
    );
  });

  test('without a PATH when that is removed', async () => {
    await using container = await small();
    expect(await json(container, '/bin/environment', [], { env: { PATH: undefined } })).toEqual([]);
  });

  test('two megabytes', async () => {
    await using container = await small();
    // The kernel takes up to 128 KiB in one string.
    const env = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`BIG_${index}`, `${index}`.padEnd(100_000, 'x')]),
    );
    const found = await json<string[]>(container, 'environment', [], { env });
    expect(found.sort()).toEqual(
      [PATH, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)].sort(),
    );
  });

  test('two megabytes beside ten thousand arguments, when the stack has room for them', async () => {
    await using container = await small();
    const env = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`BIG_${index}`, `${index}`.padEnd(100_000, 'x')]),
    );
    const args = Array.from({ length: 10_000 }, (_, index) => `argument ${index}`);
    // The kernel gives both together a quarter of the stack (execve(2), "Limits on size of arguments and environment").
    const options = { env, rlimits: { stack: 64 * 2 ** 20 } };
    expect(await json(container, 'arguments', args, options)).toEqual(['arguments', ...args]);
    const found = await json<string[]>(container, 'environment', args, options);
    expect(found.sort()).toEqual(
      [PATH, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)].sort(),
    );
  });
});
