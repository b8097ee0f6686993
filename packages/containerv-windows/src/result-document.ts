/** What a result document says for people. HCS gives no other diagnosis. */
export interface ResultDocument {
  /** `ErrorMessage` and the message of every error event, without repetitions. */
  readonly messages: readonly string[];
}

// Messages end up in errors and logs: whatever the service says, it is text of a bearable length on one line.
const MAX_MESSAGES = 8;
const MAX_LENGTH = 500;

/**
 * Reads `{ Error, ErrorMessage, ErrorEvents: [{ Message, Provider, EventId, ... }] }` (ResultError of the HCS schema),
 * never failing: it is read when something has failed already.
 */
export function readResultDocument(text: string | null | undefined): ResultDocument {
  const document = parse(text);
  const events = field(document, 'ErrorEvents');
  const said = [
    field(document, 'ErrorMessage'),
    ...(Array.isArray(events) ? events.map((event: unknown) => field(event, 'Message')) : []),
  ];
  const messages = said.filter((message) => typeof message === 'string').map(clean);
  return { messages: [...new Set(messages)].filter((message) => message !== '').slice(0, MAX_MESSAGES) };
}

function parse(text: string | null | undefined): unknown {
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function clean(message: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is taken out
  const line = message.replace(/[\u0000-\u001f\u007f\s]+/g, ' ').trim();
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}...` : line;
}
