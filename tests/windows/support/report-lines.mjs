// A reporter of node:test: one line of JSON for each test, and `{ "end": true }` when there is nothing more to come.
/** @param {AsyncIterable<{ type: string, data: any }>} source */
export default async function* reportLines(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details?.type === 'suite' && type === 'test:pass') continue;
    const error = data.details?.error?.cause ?? data.details?.error;
    const message = type === 'test:fail' ? String(error?.stack ?? error) : '';
    const ms = Math.round(data.details?.duration_ms ?? 0);
    const line = { name: data.name, ok: type === 'test:pass', skipped: Boolean(data.skip), message, ms };
    yield `${JSON.stringify(line)}\n`;
  }
  yield '{"end":true}\n';
}
