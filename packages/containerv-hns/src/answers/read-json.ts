import { hnsGarbage } from '../hns-error.js';

/** An object in an answer of HNS, member by member. Members that nobody asks for do not matter; others must fit. */
export class AnswerObject {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #where: string;

  /** @throws ContainervError `ERR_CONTAINERV_HNS` when it is no object. */
  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw hnsGarbage('read answer', `${where} is not an object`);
    }
    this.#members = value as Record<string, unknown>;
    this.#where = where;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#members, name) && this.#members[name] !== null;
  }

  text(name: string): string {
    return this.#is(name, 'string') as string;
  }

  /** Empty texts count as absent: HNS has both. */
  optionalText(name: string): string | undefined {
    const text = this.has(name) ? this.text(name) : '';
    return text === '' ? undefined : text;
  }

  integer(name: string): number {
    const value = this.#is(name, 'number') as number;
    if (!Number.isSafeInteger(value)) throw this.#wrong(name, 'a whole number');
    return value;
  }

  boolean(name: string): boolean {
    return this.#is(name, 'boolean') as boolean;
  }

  /** In lower case, without braces. */
  guid(name: string): string {
    return guid(this.text(name), `${this.#where}.${name}`);
  }

  optionalGuid(name: string): string | undefined {
    return this.optionalText(name) === undefined ? undefined : this.guid(name);
  }

  /** Absent and `null` are empty lists. */
  list(name: string): readonly unknown[] {
    if (!this.has(name)) return [];
    const value = this.#members[name];
    if (!Array.isArray(value)) throw this.#wrong(name, 'a list');
    return value as unknown[];
  }

  objects(name: string): readonly AnswerObject[] {
    return this.list(name).map((value, index) => new AnswerObject(value, `${this.#where}.${name}[${index}]`));
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((value) => {
      if (typeof value !== 'string') throw this.#wrong(name, 'a list of texts');
      return value;
    });
  }

  optionalObject(name: string): AnswerObject | undefined {
    return this.has(name) ? new AnswerObject(this.#members[name], `${this.#where}.${name}`) : undefined;
  }

  /** All members as they came. */
  raw(): Readonly<Record<string, unknown>> {
    return this.#members;
  }

  #is(name: string, type: 'string' | 'number' | 'boolean'): unknown {
    const value = this.has(name) ? this.#members[name] : undefined;
    if (typeof value !== type) throw this.#wrong(name, `a ${type}`);
    return value;
  }

  #wrong(name: string, expected: string): Error {
    return hnsGarbage('read answer', `${this.#where}.${name} is not ${expected}`);
  }
}

const GUID = /^\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?$/;

/** @throws ContainervError `ERR_CONTAINERV_HNS` for what is none. */
export function guid(text: string, where: string): string {
  const found = GUID.exec(text.toLowerCase())?.[1];
  if (found === undefined) throw hnsGarbage('read answer', `${where} is not a GUID`);
  return found;
}

/** @throws ContainervError `ERR_CONTAINERV_HNS` for what is no JSON at all, such as nothing. */
export function parseAnswer(text: string | null, what: string): unknown {
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    throw hnsGarbage('read answer', `${what} is ${text === null || text === '' ? 'empty' : 'not JSON'}`);
  }
}

/** @throws ContainervError `ERR_CONTAINERV_HNS` */
export function answerList(value: unknown, what: string): readonly unknown[] {
  // HNS answers an empty list with null.
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw hnsGarbage('read answer', `${what} is not a list`);
  return value as unknown[];
}
