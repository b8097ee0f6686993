import { checkWord } from '../validate/check.js';
import type { BasePolicy } from './base-policy.js';
import { build } from './build.js';
import { custom } from './custom.js';
import { minimal } from './minimal.js';
import { network } from './network.js';

/** The policies to start from. */
export type BasePolicyName = 'minimal' | 'build' | 'network' | 'custom';

export const basePolicies: Readonly<Record<BasePolicyName, BasePolicy>> = { minimal, build, network, custom };

export const basePolicyNames: readonly BasePolicyName[] = ['minimal', 'build', 'network', 'custom'];

export function checkBaseName(value: unknown, entry: string): BasePolicyName {
  return checkWord(value, entry, basePolicyNames);
}
