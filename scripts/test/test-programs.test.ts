import { expect, test } from 'vitest';
import { missingPrograms, planInstallation } from '../test-programs.mjs';

const all = (): boolean => true;
const none = (): boolean => false;
const root = { isRoot: true, hasApt: true, switchedOff: false };

test('a machine with every program needs nothing', () => {
  const missing = missingPrograms({ has: all });
  expect(missing.size).toBe(0);
  expect(planInstallation(missing, root)).toBeUndefined();
});

test('what only one architecture can use is not asked for on others', () => {
  const missing = missingPrograms({ architecture: 'arm64', has: none });
  expect([...missing.keys()]).toContain('private networks');
  expect([...missing.keys()]).not.toContain('code for Windows');
  expect([...missingPrograms({ architecture: 'x64', has: none }).keys()]).toContain('code for Windows');
});

test('root is told first, then given the packages, each once', () => {
  const plan = planInstallation(missingPrograms({ architecture: 'x64', has: none }), root);
  expect(plan?.says).toMatch(
    /^Installing what tests of private networks, .* need \(without: CONTAINERV_TEST_INSTALL=off\)/,
  );
  expect(plan?.install?.slice(0, 3)).toEqual(['install', '-y', '--no-install-recommends']);
  expect(plan?.install).toContain('nftables');
  expect(new Set(plan?.install).size).toBe(plan?.install?.length);
});

test.for([
  [{ ...root, isRoot: false }, 'sudo apt-get install --no-install-recommends nftables'],
  [{ ...root, switchedOff: true }, '  apt-get install --no-install-recommends nftables'],
  [{ ...root, hasApt: false }, '  apt-get install --no-install-recommends nftables'],
] as const)('everybody else is told only: %j', ([machine, told]) => {
  const plan = planInstallation(missingPrograms({ has: (program: string) => program !== 'nft' }), machine);
  expect(plan?.install).toBeUndefined();
  expect(plan?.says).toContain('Skipped, for want of programs: tests of private networks.');
  expect(plan?.says).toContain(told);
});
