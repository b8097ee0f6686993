import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Command } from '../src/cli/command.js';
import { parseLine } from '../src/cli/parse-line.js';

const wrapper: Command = {
  name: 'wrap',
  summary: '',
  synopsis: 'COMMAND',
  options: {
    memory: { short: 'm', value: 'SIZE', help: '' },
    env: { short: 'e', value: 'NAME', multiple: true, help: '' },
    quiet: { short: 'q', help: '' },
    dry: { short: 'd', help: '' },
  },
  operands: [0, Infinity],
  wraps: true,
  run: () => Promise.resolve(0),
};
const plain: Command = { ...wrapper, wraps: false };

test.for([
  [[], [], {}, []],
  [['-q', 'x', '-q'], ['quiet'], {}, ['x', '-q']],
  [['-qd', 'x'], ['quiet', 'dry'], {}, ['x']],
  [['--memory=1', 'x'], [], { memory: ['1'] }, ['x']],
  [['-m1', 'x'], [], { memory: ['1'] }, ['x']],
  [['-qm', '1', 'x'], ['quiet'], { memory: ['1'] }, ['x']],
  [['-m', '-1', 'x'], [], { memory: ['-1'] }, ['x']],
  [['--memory=', 'x'], [], { memory: [''] }, ['x']],
  [['-e', 'A', '--env', 'B', 'x', '-e', 'C'], [], { env: ['A', 'B'] }, ['x', '-e', 'C']],
  [['-q', '--', '-q', '--'], ['quiet'], {}, ['-q', '--']],
  [['x', '--', 'y'], [], {}, ['x', '--', 'y']],
  [['-', '-q'], [], {}, ['-', '-q']],
  [['', '-q'], [], {}, ['', '-q']],
] as const)('%j', ([args, switches, values, operands]) => {
  const line = parseLine(args, wrapper);
  expect([...line.switches]).toEqual(switches);
  expect(Object.fromEntries(line.values)).toEqual(values);
  expect(line.operands).toEqual(operands);
});

test('options of a command that wraps nothing may stand anywhere', () => {
  const line = parseLine(['x', '-q', 'y', '--', '-d'], plain);
  expect([...line.switches]).toEqual(['quiet']);
  expect(line.operands).toEqual(['x', 'y', '-d']);
});

test.for([
  [['--nope', 'x'], 'Unknown option --nope.'],
  [['--constructor', 'x'], 'Unknown option --constructor.'],
  [['--__proto__', 'x'], 'Unknown option --__proto__.'],
  [['--no-quiet', 'x'], 'Unknown option --no-quiet.'],
  [['--mem', '1', 'x'], 'Unknown option --mem.'],
  [['--queit', 'x'], 'Did you mean --quiet?'],
  [['-m'], '-m needs a SIZE'],
  [['--memory'], '--memory needs a SIZE'],
  [['-m', '1', '-m', '2'], '-m is given twice'],
  [['--quiet=1'], '--quiet takes no value'],
] as const)('%j is refused', ([args, message]) => {
  expect(() => parseLine(args, wrapper)).toThrow(message);
});

test('what belongs to the wrapped command arrives untouched', () => {
  const argument = fc.oneof(
    fc.string(),
    fc.constantFrom('-q', '--', '--memory', '-m', '--help', '--nope', '-'),
  );
  fc.assert(
    fc.property(fc.array(argument), (args) => {
      expect(parseLine(['-q', '--', ...args], wrapper).operands).toEqual(args);
      expect(parseLine(['-m', '1', 'command', ...args], wrapper).operands).toEqual(['command', ...args]);
    }),
  );
});
