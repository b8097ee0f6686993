import { createPolicy, FsAccess } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { missedPaths, unenforcedFileRules, unusableMounts } from '../../src/landlock/requirement.js';
import { rulesetOf } from '../../src/landlock/ruleset.js';
import { thrownBy } from '../support/thrown.js';

const confined = createPolicy('minimal');
const strict = confined.setSecurityLevel('strict');

describe('what the kernel cannot enforce of file rules', () => {
  test.for([
    [3, confined],
    [7, strict],
    [0, createPolicy('build').setSecurityLevel('strict')],
  ] as const)('is nothing with ABI %i for %s', ([abi, policy]) => {
    expect(unenforcedFileRules(policy, abi)).toBeUndefined();
  });

  test.for([
    [0, /not enforced.*no Landlock/],
    [1, /can be emptied.*ABI 1/],
    [2, /can be emptied.*ABI 2/],
  ] as const)('is told with ABI %i, and refused where rules are required', ([abi, text]) => {
    expect(unenforcedFileRules(confined, abi)).toMatch(text);
    const error = thrownBy(() => unenforcedFileRules(strict, abi));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'apply file rules' });
    expect(error.summary).toMatch(text);
    expect(error.hint).toContain("'strict'");
  });
});

describe('rules whose paths do not exist', () => {
  const policy = createPolicy('custom').addPaths(['/a', '/b', '/lib32'], FsAccess.Read);
  const ruleset = rulesetOf(policy, 7, { network: false, processes: false });

  test.for([
    ['', undefined],
    ['2', undefined],
    ['0', /: \/a$/],
    ['0 1 2', /: \/a, \/b$/],
    ['1 2 ...', /: \/b, \.\.\.$/],
    ['9', undefined],
  ] as const)('positions %j', ([missed, text]) => {
    const told = missedPaths(ruleset, missed);
    if (text === undefined) expect(told).toBeUndefined();
    else expect(told).toMatch(text);
  });
});

describe('mounts that no rule gives access to', () => {
  const policy = createPolicy('custom').addPaths(['/mine', '/data/part'], FsAccess.Read);
  test.for<[string, boolean]>([
    ['/mine', true],
    ['/mine/below', true],
    ['/data', true],
    ['/mines', false],
    ['/dat', false],
  ])('%s is of use: %s', ([target, usable]) => {
    const told = unusableMounts(policy, [target]);
    if (usable) expect(told).toBeUndefined();
    else expect(told).toContain(`mounted at ${target}:`);
  });

  test('are no matter where files are not confined, or the whole root may be read', () => {
    expect(unusableMounts(createPolicy('build'), ['/data'])).toBeUndefined();
    expect(unusableMounts(createPolicy('custom').addPaths(['/'], FsAccess.Read), ['/data'])).toBeUndefined();
  });
});
