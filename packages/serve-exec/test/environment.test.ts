import { expect, test } from 'vitest';
import { passedEnvironment } from '../src/exec/environment.js';

test.for([
  [{}, [], {}],
  [{ HOME: '/root', LD_PRELOAD: 'x', LD_LIBRARY_PATH: 'y', PATH: '/bin', LCX: '1' }, [], {}],
  [
    { TERM: 'xterm', LANG: 'C', LANGUAGE: 'de', LC_ALL: '', LC_TIME: 'x' },
    [],
    { TERM: 'xterm', LANG: 'C', LANGUAGE: 'de', LC_ALL: '', LC_TIME: 'x' },
  ],
  [{ A: '1', B: '2' }, ['A', 'C', 'D=', 'E=a=b'], { A: '1', D: '', E: 'a=b' }],
  [{ TERM: 'xterm' }, ['TERM=dumb', 'A=1', 'A=2'], { TERM: 'dumb', A: '2' }],
  [{ LD_PRELOAD: 'x' }, ['LD_PRELOAD=y'], { LD_PRELOAD: 'y' }],
  [{}, ['__proto__=x'], Object.fromEntries([['__proto__', 'x']])],
] as const)('of %j, with %j, %j is passed', ([host, asked, passed]) => {
  expect(Object.entries(passedEnvironment(host, asked))).toEqual(Object.entries(passed));
});
