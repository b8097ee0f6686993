import { ContainervError, parseDuration } from 'containerv-api';

const DEFAULT_MS = 60_000;

/** How long one request may take: 60 s, or `CONTAINERV_HNS_TIMEOUT`, a duration such as `'30s'`. */
export function deadlineMs(env: NodeJS.ProcessEnv = process.env): number {
  const given = env['CONTAINERV_HNS_TIMEOUT'];
  return given === undefined || given === '' ? DEFAULT_MS : parseDuration(given, 'CONTAINERV_HNS_TIMEOUT');
}

/**
 * `work`, as long as it takes no longer than `ms`. It cannot be interrupted, so after the deadline it goes on to its end
 * on its own, closes what it has opened, and `late` undoes what it has made.
 *
 * @throws ContainervError `ERR_CONTAINERV_TIMEOUT`
 */
export async function withDeadline<Result>(
  call: string,
  ms: number,
  work: Promise<Result>,
  late?: (result: Result) => Promise<unknown>,
): Promise<Result> {
  return new Promise<Result>((resolve, reject) => {
    let expired = false;
    // Also keeps the program alive meanwhile, which koffi does not.
    const timer = setTimeout(() => {
      expired = true;
      reject(
        new ContainervError('ERR_CONTAINERV_TIMEOUT', `Windows did not answer within ${ms} ms`, {
          syscall: call,
          hint: 'Look at the service: Get-Service hns. CONTAINERV_HNS_TIMEOUT sets how long is waited.',
        }),
      );
    }, ms);
    const settle = (result: Result): void => {
      clearTimeout(timer);
      // What cannot be undone now is found by its tag later.
      if (expired) late?.(result).catch(() => {});
      else resolve(result);
    };
    work.then(settle, (error: unknown) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
