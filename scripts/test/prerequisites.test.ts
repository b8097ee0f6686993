import { expect, test } from 'vitest';
import { fixFor, missingPrerequisites } from '../prerequisites.mjs';

function machine({
  tools = ['npm', 'python3', 'make'],
  compiler = 'c++',
  complaint,
}: {
  tools?: string[];
  compiler?: string;
  complaint?: string;
} = {}) {
  return {
    runs: (name: string) => tools.includes(name),
    compiler: () => compiler || undefined,
    compile: () => complaint,
  };
}

test('nothing is missing on a complete machine', () => {
  expect(missingPrerequisites({ version: '20.19.0', probe: machine() })).toEqual([]);
});

test.for(['18.20.0', '20.18.1'])('Node %s is too old', (version) => {
  expect(missingPrerequisites({ version, probe: machine() })).toEqual([
    `Node.js 20.19 or newer (this is ${version})`,
  ]);
});

test('each missing tool is named', () => {
  const missing = missingPrerequisites({
    version: '22.0.0',
    probe: machine({ tools: ['npm'], compiler: '' }),
  });
  expect(missing.map((what) => what.split(' ')[0])).toEqual(['python3', 'make', 'a']);
  expect(missing[2]).toContain('C++ compiler');
});

test('a compiler that cannot link statically is named with what it said', () => {
  const probe = machine({ complaint: 'ld: cannot find -lstdc++' });
  expect(missingPrerequisites({ version: '22.0.0', probe })).toEqual([
    'a C++20 compiler with static C and C++ libraries and kernel headers (c++: ld: cannot find -lstdc++)',
  ]);
});

test.for([
  ['apt-get', true, 'Run: apt-get install -y g++ make python3'],
  ['dnf', false, 'Run: sudo dnf install -y gcc-c++ make python3 glibc-static libstdc++-static'],
  ['apk', true, 'Run: apk add g++ make python3 linux-headers'],
] as const)('the fix where %s is', ([manager, isRoot, fix]) => {
  expect(fixFor(machine({ tools: [manager] }), isRoot)).toBe(fix);
});

test('without a known package manager the fix is said in words', () => {
  expect(fixFor(machine({ tools: [] }), true)).toBe(
    'Install a C++20 compiler with static libraries, make and Python 3.',
  );
});
