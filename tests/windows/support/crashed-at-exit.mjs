/**
 * Whether everything went well until the program ended, and Wine crashed only then: all results are there, the last of
 * them written before Node.js began to end, and none of them is bad. A crash at any other time loses results.
 * @param {{ results: readonly { ok: boolean }[], ended: boolean, output: string, code: number | null }} run
 */
export function crashedAtExit({ results, ended, output, code }) {
  // Node.js itself ends with 1 when a test has failed, also in ways that are no result.
  const crashed = code !== null && code > 1 && /^wine: Unhandled (page fault|exception)/m.test(output);
  return crashed && ended && results.length > 0 && results.every(({ ok }) => ok);
}
