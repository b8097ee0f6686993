/** The value below which `share` of the sample lies. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export const median = (values) => quantile(values, 0.5);

/** Durations of `runs` calls of `work`, in milliseconds. */
export async function sample(runs, work) {
  const durations = [];
  for (let run = 0; run < runs; run++) {
    const startedAt = performance.now();
    await work();
    durations.push(performance.now() - startedAt);
  }
  return durations;
}

/**
 * Takes turns between contestants, so that a machine whose speed drifts is unfair to none.
 * @param contestants by name, each from a number of runs to durations
 */
export async function takeTurns(contestants, rounds, runs) {
  const durations = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (const work of Object.values(contestants)) await work(3);
  for (let round = 0; round < rounds; round++) {
    for (const [name, work] of Object.entries(contestants)) durations[name].push(...(await work(runs)));
  }
  return durations;
}
