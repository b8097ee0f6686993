import { containerCases } from './container-cases.js';
import type { ConformanceCase } from './harness.js';
import { processCases } from './process-cases.js';

/** What every driver does alike, whatever it drives. */
export const conformanceCases: readonly ConformanceCase[] = [...containerCases, ...processCases];
export type { Harness } from './harness.js';
