import { ContainervError } from 'containerv-api';
import { AnswerObject, parseAnswer } from './read-json.js';

/**
 * What HNSCall answered, out of `{ "Success": ..., "Error": ..., "Output": ... }`.
 * @throws ContainervError `ERR_CONTAINERV_HNS` when it did not succeed or is garbage; `NOT_FOUND` and `EXISTS` by its text.
 */
export function readResponse(response: string | null, step: string, call: string): unknown {
  const answer = new AnswerObject(parseAnswer(response, 'the response'), 'response');
  if (answer.boolean('Success')) return answer.raw()['Output'];
  const said = answer.optionalText('Error') ?? 'no reason given';
  throw new ContainervError(codeOf(said), `HNS refused: ${said.replaceAll(/\s+/g, ' ').slice(0, 500)}`, {
    step,
    syscall: call,
  });
}

/** The older form has no numbers, only English texts. */
function codeOf(said: string): 'ERR_CONTAINERV_NOT_FOUND' | 'ERR_CONTAINERV_EXISTS' | 'ERR_CONTAINERV_HNS' {
  if (/not found|does not exist/i.test(said)) return 'ERR_CONTAINERV_NOT_FOUND';
  return /already exists/i.test(said) ? 'ERR_CONTAINERV_EXISTS' : 'ERR_CONTAINERV_HNS';
}
