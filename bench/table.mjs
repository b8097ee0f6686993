import { median, quantile } from './statistics.mjs';

/**
 * Prints a row for each contestant, with its ratio to the one whose name starts with `baseline`.
 * @param digits after the point
 */
export function print(title, durations, baseline, digits = 2) {
  const rows = Object.entries(durations);
  const [, base] = rows.find(([name]) => name.startsWith(baseline));
  const width = Math.max(title.length - 2, ...rows.map(([name]) => name.length));
  console.log(`${title.padEnd(width + 2)}  median     p95     min   ratio`);
  for (const [name, values] of rows) {
    const figures = [median(values), quantile(values, 0.95), Math.min(...values)].map((value) =>
      value.toFixed(digits).padStart(7),
    );
    console.log(
      `  ${name.padEnd(width)} ${figures.join(' ')} ${(median(values) / median(base)).toFixed(2).padStart(7)}`,
    );
  }
  console.log();
}
