/**
 * Text that somebody else chose, made harmless for a terminal: what would move the cursor, change colours, ring or turn
 * the direction of writing is shown as an escape, and so are marks that would join the character before.
 */
export function visibleText(text: string): string {
  return text.replaceAll(/[\p{C}\p{M}\p{Zl}\p{Zp}\\]/gu, (character) => {
    if (character === '\\') return '\\\\';
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

// From the Hangul letters on, where the scripts begin whose characters take two columns.
const FIRST_WIDE = 0x1100;

/** Cut to so many columns of a terminal, with an ellipsis where something is missing. */
export function cutToWidth(text: string, columns: number): string {
  if (columns < 1) return '';
  const kept = fitting(text, columns);
  return kept === text ? text : `${fitting(text, columns - 1)}…`;
}

function fitting(text: string, columns: number): string {
  let used = 0;
  let kept = '';
  for (const character of text) {
    used += isWide(character) ? 2 : 1;
    if (used > columns) return kept;
    kept += character;
  }
  return kept;
}

function isWide(character: string): boolean {
  // Ornaments of our own are above the first wide character too.
  return (character.codePointAt(0) ?? 0) >= FIRST_WIDE && !/[\u2010-\u2027\u2580-\u259F]/.test(character);
}
