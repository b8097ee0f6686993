import { stripVTControlCharacters } from 'node:util';

/** Rows in columns, two spaces apart, without spaces at the ends of lines. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(cell));
  }
  return rows
    .map((row) =>
      row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell))).join('  '),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length;
}

/** `value` as two-space indented JSON with a line end. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
