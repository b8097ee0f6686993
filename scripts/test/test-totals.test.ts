import { expect, test } from 'vitest';
import { countReport, unsteadyTests } from '../test-totals.mjs';

const file = (status: string, tests: number): object => ({
  status,
  assertionResults: Array.from({ length: tests }, () => ({})),
});

test('passed, failed, skipped and todo tests are counted', () => {
  const report = {
    numPassedTests: 5,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 1,
    success: false,
    testResults: [file('failed', 9)],
  };
  expect(countReport(report)).toEqual({ passed: 5, failed: 1, skipped: 3 });
});

test('a test file that does not load is a failure', () => {
  const report = {
    numPassedTests: 5,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    success: false,
    testResults: [file('passed', 5), file('failed', 0)],
  };
  expect(countReport(report)).toEqual({ passed: 5, failed: 1, skipped: 0 });
});

test('a package without any test is a failure', () => {
  const report = {
    success: false,
    numPassedTests: 0,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
  };
  expect(countReport(report)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test('a report that is not there is a failure', () => {
  expect(countReport(undefined)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test('a test that passed only when tried again is told', () => {
  const report = {
    testResults: [
      {
        assertionResults: [
          { fullName: 'steady', status: 'passed', failureMessages: [] },
          { fullName: 'unsteady', status: 'passed', failureMessages: ['Error: late\n    at here'] },
          { fullName: 'broken', status: 'failed', failureMessages: ['Error: no'] },
        ],
      },
    ],
  };
  expect(unsteadyTests(report)).toEqual(['unsteady: Error: late']);
});
