// No PowerShell was at hand: what its documentation says of quotes is held against what is generated.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { powershellText } from '../../src/wrappers/powershell-text.js';
import { type Token, tokens } from './powershell-tokens.js';

const nasty = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .array(
      fc.constantFrom(
        "'",
        '"',
        '\u2018',
        '\u2019',
        '\u201A',
        '\u201B',
        '\u201C',
        '`',
        '$x',
        '#',
        '--%',
        '|',
        '\n',
        '\\',
        ' ',
        '%',
        '',
      ),
    )
    .map((parts) => parts.join('')),
);

/** The literals between `$arguments = @(` and `) + $args`. */
function ownArguments(script: string): readonly string[] {
  const found = tokens(script);
  const end = found.findIndex((token) => token.kind === 'code' && token.text.startsWith(') + $args\r\n'));
  const literals: string[] = [];
  for (const token of found.slice(1, end)) if (token.kind === 'literal') literals.push(token.value);
  return literals;
}

const codeOf = (script: string): string =>
  tokens(script)
    .map((token: Token) => (token.kind === 'code' ? token.text : ''))
    .join('');

test('fixed arguments are literals that hold exactly what was given, whatever it is', () => {
  fc.assert(
    fc.property(fc.array(nasty, { minLength: 1 }), (args) => {
      expect(ownArguments(powershellText({ args, program: undefined }))).toEqual(args);
    }),
  );
});

test('no argument and no path changes anything of the script but its literals', () => {
  const plain = codeOf(powershellText({ args: ['x'], program: 'x' }));
  fc.assert(
    fc.property(nasty, nasty, (argument, program) => {
      // Absolute ones and scripts are written otherwise.
      const text = powershellText({ args: [argument], program: `x${program}x` });
      expect(codeOf(text)).toBe(plain);
    }),
  );
});

test.for([undefined, '../serve-exec.exe', 'D:\\a b\\serve-exec.exe', '../cli.js'])(
  'brackets match, with %s',
  (program) => {
    const open: string[] = [];
    const pairs: Readonly<Record<string, string>> = { ')': '(', '}': '{', ']': '[' };
    for (const unit of codeOf(powershellText({ args: ["it's"], program }))) {
      if ('({['.includes(unit)) open.push(unit);
      else if (unit in pairs) expect(open.pop()).toBe(pairs[unit]);
    }
    expect(open).toEqual([]);
  },
);

test('a path to the program is seen from the script, unless it is absolute; a script takes Node.js', () => {
  const text = (program: string): string => powershellText({ args: [], program });
  expect(text('../x.exe')).toContain("$program = (Join-Path $PSScriptRoot '../x.exe')");
  expect(text('D:\\x.exe')).toContain("$program = 'D:\\x.exe'");
  expect(text('../cli.js')).toContain('$arguments = @($script) + $arguments; $program = (Get-Command node');
});

describe('up to PowerShell 7.2', () => {
  const text = powershellText({ args: [], program: undefined });

  test('nothing but the variable is behind --%, to the end of its line', () => {
    const verbatim = tokens(text).flatMap((token) => (token.kind === 'verbatim' ? [token.text] : []));
    expect(verbatim).toEqual([' %SERVE_EXEC_LINE%', ' %SERVE_EXEC_LINE%']);
  });

  test('a program splits the line into exactly the arguments', () => {
    const line = lineOf(text);
    const argument = fc
      .oneof(
        nasty,
        fc.array(fc.constantFrom('\\', '"', ' ', 'a', '\t', '\n')).map((parts) => parts.join('')),
      )
      .filter((value) => !value.includes('\0'));
    fc.assert(
      fc.property(fc.array(argument), (args) => {
        expect(split(line(args))).toEqual(args);
      }),
      { numRuns: 1000 },
    );
  });
});

/** What the script's own replacements make of arguments: .NET's regular expressions, of which these mean the same here. */
function lineOf(script: string): (args: readonly string[]) => string {
  const line =
    script.split('\r\n').find((each) => each.startsWith('$env:SERVE_EXEC_LINE = ($arguments')) ?? '';
  const parts = tokens(line).filter((token) => token.kind === 'literal');
  const [before, pattern, by, endPattern, endBy, after, separator, ...rest] = parts.map(({ value }) => value);
  expect(rest).toEqual([]);
  // There `$` is also before a line end that is the last of all.
  const expression = (source = ''): RegExp =>
    new RegExp(source.replace(/\$$/, String.raw`(?=\n?$)`).replace(String.raw`\z`, '$'), 'g');
  const quote = (argument: string): string =>
    `${before}${argument.replaceAll(expression(pattern), by ?? '').replaceAll(expression(endPattern), endBy ?? '')}${after}`;
  return (args) => args.map(quote).join(separator);
}

/** CommandLineToArgvW, of what follows the program's name. */
function split(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let within = false;
  for (let at = 0; at < line.length; at++) {
    const slashes = /^\\*/.exec(line.slice(at))?.[0].length ?? 0;
    const next = line[at + slashes];
    if (slashes > 0 || next === '"') {
      const literal = next === '"' ? Math.floor(slashes / 2) : slashes;
      word = (word ?? '') + '\\'.repeat(literal);
      at += slashes;
      if (next !== '"') at--;
      else if (slashes % 2 === 1) word += '"';
      else within = !within;
    } else if (!within && (next === ' ' || next === '\t')) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + next;
  }
  if (word !== undefined) words.push(word);
  return words;
}
