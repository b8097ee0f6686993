import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { ContainervError, type ExitCause, RunError, runError, type RunResult } from '../../src/index.js';

const result: RunResult = {
  exitCode: 2,
  signal: null,
  stdout: 'out',
  stderr: 'x.c:1: error\nmake: *** failed\n',
  timedOut: false,
  durationMs: 12.4,
  resourceUsage: {
    userCpuMs: 1,
    systemCpuMs: 1,
    maxRssBytes: 1,
    minorPageFaults: 0,
    majorPageFaults: 0,
    voluntaryContextSwitches: 0,
    involuntaryContextSwitches: 0,
  },
};
const killed: RunResult = { ...result, exitCode: null, signal: 'SIGKILL', stderr: '' };

test('a failed command is a ContainervError with all of its result', () => {
  const error = runError(['make', 'all'], result, 'exit');
  expect(error).toBeInstanceOf(RunError);
  expect(error).toBeInstanceOf(ContainervError);
  expect(error.name).toBe('RunError');
  expect(error.result).toBe(result);
  expect(error.message).toBe('Command failed with exit code 2: make all\nx.c:1: error\nmake: *** failed');
});

test.for([
  ['exit', 'ERR_CONTAINERV_RUN', result, 'Command failed with exit code 2: x'],
  ['signal', 'ERR_CONTAINERV_RUN', killed, 'Command was ended by signal SIGKILL: x'],
  ['oom', 'ERR_CONTAINERV_RUN', killed, 'Command ran out of memory (signal SIGKILL): x'],
  ['seccomp', 'ERR_CONTAINERV_RUN', killed, 'Command made a forbidden system call (signal SIGKILL): x'],
  ['timeout', 'ERR_CONTAINERV_TIMEOUT', killed, 'Command timed out after 12 ms (signal SIGKILL): x'],
  ['aborted', 'ERR_CONTAINERV_ABORTED', killed, 'Command was aborted (signal SIGKILL): x'],
  ['destroyed', 'ERR_CONTAINERV_RUN', killed, 'Command ended with its container: x'],
] as const satisfies readonly (readonly [ExitCause, string, RunResult, string])[])(
  'cause %s is code %s',
  ([cause, code, outcome, message]) => {
    const error = runError(['x'], { ...outcome, stderr: '' }, cause);
    expect(error.code).toBe(code);
    expect(error.message).toBe(message);
  },
);

test('arguments that a shell would split are quoted', () => {
  const { message } = runError(['sh', '-c', "echo 'a b'", ''], { ...result, stderr: '' }, 'exit');
  expect(message).toContain(String.raw`sh -c 'echo '\''a b'\''' ''`);
});

test('of a long stderr the end is shown, in every form that run gives it', () => {
  const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
  for (const stderr of [lines, `${lines.join('\n')}\n`, Buffer.from(lines.join('\n'))]) {
    const { message } = runError(['x'], { ...result, stderr, stdout: stderr }, 'exit');
    expect(message.split('\n').slice(1)).toEqual(lines.slice(-10));
  }
});

test('a cause is kept', () => {
  const cause = new Error('enough');
  expect(runError(['x'], killed, 'aborted', { cause }).cause).toBe(cause);
  expect(inspect(runError(['x'], killed, 'signal'))).toMatch(/^RunError: Command was ended/);
});
