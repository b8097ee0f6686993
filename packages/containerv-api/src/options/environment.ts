import { checkOptions, invalidOption } from '../option-check.js';

/** Environment variables. A variable set to `undefined` is left out, also when it was inherited. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where commands are looked for when nobody says otherwise. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** `inherited` with `environment` over it; never anything of the host's own environment. */
export function resolveEnvironment(
  environment: Environment | undefined,
  inherited: Readonly<Record<string, string>>,
  option = 'env',
): Readonly<Record<string, string>> {
  // A Map and fromEntries, so that a variable called __proto__ is one like any other.
  const merged = new Map(Object.entries(inherited));
  if (environment !== undefined) {
    checkOptions(environment, option, Object.keys(environment ?? {}));
    for (const [name, value] of Object.entries(environment)) {
      checkName(name, option);
      if (value === undefined) merged.delete(name);
      else merged.set(name, checkValue(value, `${option}.${name}`));
    }
  }
  return Object.fromEntries(merged);
}

function checkName(name: string, option: string): void {
  if (name === '' || name.includes('=') || name.includes('\0')) {
    throw invalidOption(option, "an object whose names are not empty and hold no '=' or NUL", name);
  }
}

function checkValue(value: unknown, option: string): string {
  if (typeof value === 'string' && !value.includes('\0')) return value;
  throw invalidOption(option, 'a string without NUL characters', value);
}
