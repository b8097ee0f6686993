import { hnsError } from '../hns-error.js';
import { readResponse } from '../answers/read-response.js';
import type { JsonObject } from '../json.js';
import type { Library, NativeFunction, NativeTypes } from '../native/library.js';
import { withDeadline } from './deadline.js';

/** `HNSCall` of vmcompute.dll: requests like those of HTTP. */
export class HnsCall {
  readonly #native: NativeFunction;
  readonly #ms: number;

  constructor(library: Library, { outText }: NativeTypes, ms: number) {
    this.#native = library.function('HNSCall', ['str16', 'str16', 'str16', outText]);
    this.#ms = ms;
  }

  /** @returns the `Output` of the answer. */
  async request(
    step: string,
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    document?: JsonObject,
    late?: (output: unknown) => Promise<unknown>,
  ): Promise<unknown> {
    const call = `HNSCall ${method} ${path}`;
    return withDeadline(call, this.#ms, this.#run(step, call, method, path, document), late);
  }

  async #run(
    step: string,
    call: string,
    method: string,
    path: string,
    document?: JsonObject,
  ): Promise<unknown> {
    const response: [string | null] = [null];
    const request = document === undefined ? '' : JSON.stringify(document);
    const hresult = await this.#native(method, path, request, response);
    if (hresult < 0) throw hnsError({ step, call, hresult, record: response[0] });
    return readResponse(response[0], step, call);
  }
}
