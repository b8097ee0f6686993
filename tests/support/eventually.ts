import { setTimeout as sleep } from 'node:timers/promises';

/** Tries until `check` does not throw, for what the kernel or another process is about to do. */
export async function eventually<Result>(
  check: () => Result | Promise<Result>,
  deadlineMs = 10_000,
): Promise<Result> {
  for (const end = Date.now() + deadlineMs; ; ) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() >= end) throw error;
      await sleep(20);
    }
  }
}
