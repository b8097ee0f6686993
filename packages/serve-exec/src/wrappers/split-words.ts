import { ContainervError } from 'containerv-api';

/**
 * The words of a text as a shell's user writes them: spaces separate, `'...'` and `"..."` keep together, in double
 * quotes and outside of quotes a backslash takes the next character as it is. Nothing is expanded.
 *
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` for a quote that does not end
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === quote) {
      quote = '';
    } else if (quote === '' && (character === "'" || character === '"')) {
      quote = character;
      word ??= '';
    } else if (character === '\\' && quote !== "'" && at + 1 < text.length) {
      word = (word ?? '') + (text[++at] as string);
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== '')
    throw new ContainervError('ERR_CONTAINERV_INVALID_OPTION', `A ${quote} does not end in: ${text}`);
  return word === undefined ? words : [...words, word];
}
