import { isContainervError } from 'containerv-api';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ExecRequest, parseRequest } from '../src/exec/request.js';

const BARE: ExecRequest = {
  container: 'box',
  path: '/bin/x',
  wdir: undefined,
  user: undefined,
  timeoutMs: undefined,
  env: [],
  args: [],
};

test.for<readonly [string, Partial<ExecRequest>]>([
  ['--container box --path /bin/x', {}],
  ['--path=/bin/x --container=box', {}],
  ['--container box --path /bin/x --wdir /a a --wdir /b', { wdir: '/a', args: ['a', '--wdir', '/b'] }],
  ['--container box --path /bin/x --', {}],
  ['--container box --path /bin/x -- -- --help', { args: ['--', '--help'] }],
  ['--container box --path /bin/x -h', { args: ['-h'] }],
  ['--container box --path /bin/x --pathological', { args: ['--pathological'] }],
  ['--container box --path /bin/x --help=me', { args: ['--help=me'] }],
  ['--user me:us --timeout 1.5s --container box --path /bin/x', { user: 'me:us', timeoutMs: 1500 }],
  ['--env A=1 --env B --env=C= --container box --path /bin/x', { env: ['A=1', 'B', 'C='] }],
])('%s', ([line, expected]) => {
  expect(parseRequest(line.split(' '))).toEqual({ kind: 'exec', request: { ...BARE, ...expected } });
});

test.for(['help', 'version', 'print-native-path'] as const)(
  '--%s counts before anything that is missing',
  (kind) => {
    expect(parseRequest([`--${kind}`])).toEqual({ kind });
    expect(parseRequest(['--path', '/bin/x', `--${kind}`, '--container'])).toEqual({ kind });
  },
);

test('whatever the arguments are, behind -- they are the command’s', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (args) => {
      const invocation = parseRequest(['--container', 'box', '--path', '/bin/x', '--', ...args]);
      expect(invocation).toEqual({ kind: 'exec', request: { ...BARE, args } });
    }),
  );
});

test('no command line does anything but succeed or tell what is wrong with it', () => {
  const words = fc.oneof(
    fc.constantFrom(
      '--container',
      '--path',
      '--wdir',
      '--env',
      '--user',
      '--timeout',
      '--',
      '--path=',
      'box',
      '',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 8 }), (argv) => {
      try {
        parseRequest(argv);
      } catch (error) {
        expect(isContainervError(error) && error.code).toBe('ERR_CONTAINERV_INVALID_OPTION');
      }
    }),
  );
});
