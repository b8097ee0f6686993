import { parseArgs } from 'node:util';
import type { Command, OptionSpec, OptionSpecs, ParsedLine } from './command.js';
import { suggestion } from './suggestion.js';
import { usageError } from './usage-error.js';

const HELP: OptionSpec = { short: 'h', help: 'Show this help.' };

/** The options of a command, `--help` included. */
export function allOptions(command: Pick<Command, 'options'>): OptionSpecs {
  return { ...command.options, help: HELP };
}

/**
 * Reads what follows the command's name. For a command that wraps another, options end at the first operand, so that
 * `containerv run --memory 1G node --inspect` leaves `--inspect` to node.
 *
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION`
 */
export function parseLine(args: readonly string[], command: Command): ParsedLine {
  const options = allOptions(command);
  const own = command.wraps === true ? args.slice(0, firstOperand(args, options)) : args;
  const rest = args.slice(own.length);
  const switches = new Set<string>();
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokensOf(own, options)) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (spec === undefined) throw unknownOption(token.name, token.rawName, command);
    const value = checkValue(token, spec, command);
    if (value === undefined) switches.add(token.name);
    else if (spec.multiple === true) values.set(token.name, [...(values.get(token.name) ?? []), value]);
    else if (values.has(token.name)) throw usageError(`${token.rawName} is given twice`, helpHint(command));
    else values.set(token.name, [value]);
  }
  operands.push(...(rest[0] === '--' ? rest.slice(1) : rest));
  // Who asks for help may leave out the rest.
  if (!switches.has('help')) checkCount(operands.length, command);
  return { switches, values, operands };
}

/** The token list of node:util, which itself judges nothing. */
function tokensOf(args: readonly string[], options: OptionSpecs): Token[] {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { short, value }]) => [
      name,
      {
        type: value === undefined ? 'boolean' : 'string',
        ...(short === undefined ? {} : { short }),
      } as const,
    ]),
  );
  return parseArgs({ args: [...args], options: config, strict: false, allowPositionals: true, tokens: true })
    .tokens;
}

type Token =
  | {
      kind: 'option';
      index: number;
      name: string;
      rawName: string;
      value: string | undefined;
      inlineValue: boolean | undefined;
    }
  | { kind: 'positional'; index: number; value: string }
  | { kind: 'option-terminator'; index: number };

function firstOperand(args: readonly string[], options: OptionSpecs): number {
  const end = tokensOf(args, options).find(({ kind }) => kind !== 'option');
  return end?.index ?? args.length;
}

function checkValue(
  token: Extract<Token, { kind: 'option' }>,
  spec: OptionSpec,
  command: Command,
): string | undefined {
  if (spec.value === undefined) {
    if (token.inlineValue !== true) return undefined;
    throw usageError(`${token.rawName} takes no value`, helpHint(command));
  }
  if (token.value === undefined)
    throw usageError(`${token.rawName} needs a ${spec.value}`, helpHint(command));
  return token.value;
}

function unknownOption(name: string, rawName: string, command: Command): Error {
  const meant = suggestion(name, Object.keys(allOptions(command)), '--');
  return usageError(`Unknown option ${rawName}.${meant}`, helpHint(command));
}

function checkCount(count: number, command: Command): void {
  const [minimum, maximum] = command.operands;
  if (count >= minimum && count <= maximum) return;
  throw usageError(
    count < minimum
      ? `containerv ${command.name} needs ${command.synopsis}`
      : `Too many arguments for containerv ${command.name}`,
    helpHint(command),
  );
}

function helpHint(command: Command): string {
  return `containerv ${command.name} --help shows what is possible.`;
}
