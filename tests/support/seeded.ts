/** Numbers that are the same in every run with that seed (mulberry32). `CONTAINERV_TEST_SEED` chooses another. */
export function seeded(): { readonly seed: number; below(limit: number): number } {
  const seed = Number(process.env['CONTAINERV_TEST_SEED'] ?? 20_240_131);
  let state = seed >>> 0;
  return {
    seed,
    below(limit) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
    },
  };
}
