import { expect, test } from 'vitest';
import {
  DEFAULT_PATH,
  type Environment,
  resolveContainerOptions,
  resolveSpawnOptions,
} from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

const container = (env: Environment): Readonly<Record<string, string>> =>
  resolveContainerOptions({ env }).env;
const spawned = (env: Environment): Readonly<Record<string, string>> =>
  resolveSpawnOptions('x', [], { env }, { ...resolveContainerOptions(), env: { PATH: '/bin', A: '1' } }).env;

test('only PATH is set by default, and nothing comes from the host', () => {
  process.env['CONTAINERV_TEST_SECRET'] = 'x';
  try {
    expect(container({})).toEqual({ PATH: DEFAULT_PATH });
  } finally {
    delete process.env['CONTAINERV_TEST_SECRET'];
  }
});

test('a variable is added, replaced, or removed by undefined', () => {
  expect(container({ A: '', PATH: '/opt' })).toEqual({ PATH: '/opt', A: '' });
  expect(container({ PATH: undefined })).toEqual({});
  expect(spawned({ A: undefined, B: '2' })).toEqual({ PATH: '/bin', B: '2' });
});

test('no name is special to JavaScript', () => {
  const env = container(JSON.parse('{"__proto__":"p","constructor":"c"}') as Environment);
  expect(Object.entries(env)).toEqual([
    ['PATH', DEFAULT_PATH],
    ['__proto__', 'p'],
    ['constructor', 'c'],
  ]);
});

test.for([
  { 'A=B': 'x' },
  { '': 'x' },
  { 'A\0': 'x' },
  { A: 'x\0' },
  { A: 1 },
  { A: null },
  { A: true },
  ['A=B'],
  'A=B',
  null,
])('%j is refused', (env) => {
  expectInvalid(() => container(env as unknown as Environment), '`env');
});
