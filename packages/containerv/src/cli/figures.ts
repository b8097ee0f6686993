const UNITS = ['B', 'K', 'M', 'G', 'T', 'P'];
const BARS = '▁▂▃▄▅▆▇█';

/** `'1.5M'`, in powers of 1024; a hyphen for what is not known. */
export function bytesText(bytes: number | null): string {
  if (bytes === null) return '-';
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}${UNITS[power]}`;
}

export function percentText(percent: number | null): string {
  return percent === null ? '-' : percent.toFixed(1);
}

export function countText(count: number | null): string {
  return count === null ? '-' : String(count);
}

/** A line of bars, oldest first; the tallest is the largest figure, and at least 100. */
export function sparkline(history: readonly (number | null)[]): string {
  const top = Math.max(100, ...history.map((figure) => figure ?? 0));
  return history
    .map((figure) => {
      if (figure === null) return ' ';
      return BARS[Math.min(BARS.length - 1, Math.floor((figure / top) * BARS.length))] ?? ' ';
    })
    .join('');
}
