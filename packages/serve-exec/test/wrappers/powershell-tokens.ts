/** A part of a script in PowerShell, as far as its rules of quoting go (about_Quoting_Rules, about_Parsing). */
export type Token =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'expandable'; readonly text: string }
  | { readonly kind: 'verbatim'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string };

const SINGLE = "'\u2018\u2019\u201A\u201B";
const DOUBLE = '"\u201C\u201D\u201E';

/** @throws for a string that does not end, as PowerShell does */
export function tokens(script: string): Token[] {
  const found: Token[] = [];
  let code = '';
  let at = 0;
  const flush = (): void => {
    if (code !== '') found.push({ kind: 'code', text: code });
    code = '';
  };
  while (at < script.length) {
    const unit = script[at] as string;
    if (SINGLE.includes(unit)) {
      flush();
      const [value, end] = quoted(script, at + 1, SINGLE, false);
      found.push({ kind: 'literal', value });
      at = end;
    } else if (DOUBLE.includes(unit)) {
      flush();
      const [text, end] = quoted(script, at + 1, DOUBLE, true);
      found.push({ kind: 'expandable', text });
      at = end;
    } else if (unit === '#' && /(?:^|[\s;{}()|&])$/.test(code)) {
      while (at < script.length && script[at] !== '\n') at++;
    } else if (script.startsWith('--%', at)) {
      flush();
      const text = /^[^\r\n|]*/.exec(script.slice(at + 3))?.[0] ?? '';
      found.push({ kind: 'verbatim', text });
      at += 3 + text.length;
    } else {
      code += unit;
      at++;
    }
  }
  flush();
  return found;
}

/** Of two quotes in a row, of any kind, the second is one of the text. */
function quoted(script: string, start: number, quotes: string, escapes: boolean): [string, number] {
  let text = '';
  for (let at = start; at < script.length; at++) {
    const unit = script[at] as string;
    if (escapes && unit === '`') {
      text += script.slice(at, at + 2);
      at++;
    } else if (!quotes.includes(unit)) text += unit;
    else if (quotes.includes(script[at + 1] ?? ' ')) text += script[++at];
    else return [text, at + 1];
  }
  throw new Error(`A string that begins at ${start} does not end`);
}
