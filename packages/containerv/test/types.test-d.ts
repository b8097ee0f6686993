// Checked by `typecheck`; nothing here runs.
import { expectTypeOf } from 'vitest';
import type {
  Container,
  ContainerOptions,
  createContainer,
  createPolicy,
  Policy,
  RunResult,
} from '../src/index.js';

// A policy of the policy package is a policy option.
expectTypeOf<Policy>().toExtend<ContainerOptions['policy']>();
expectTypeOf<typeof createPolicy>().returns.toEqualTypeOf<Policy>();

// `await using container = await createContainer()`
expectTypeOf<typeof createContainer>().returns.resolves.toExtend<AsyncDisposable>();

// What `run` gives follows its options.
declare const container: Container;
expectTypeOf(container.run('x')).resolves.toEqualTypeOf<RunResult>();
expectTypeOf(container.run('x', ['y'], { timeout: '5s' })).resolves.toEqualTypeOf<RunResult>();
expectTypeOf(container.run('x', [], { lines: true })).resolves.toEqualTypeOf<RunResult<string[]>>();
expectTypeOf(container.run('x', [], { encoding: 'buffer' })).resolves.toEqualTypeOf<RunResult<Buffer>>();
