import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

export type SchemaName =
  | 'container-v1'
  | 'compute-system-v2'
  | 'process-parameters'
  | 'oci-specification'
  | 'modify-request'
  | 'modify-process'
  | 'signal-process'
  | 'system-query'
  | 'property-query'
  | 'layer-data';

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true, strictTypes: false });

/** Members that exclude each other, and members that need others, as the HCS schema says in prose. */
ajv.addKeyword({
  keyword: 'x-at-most-one',
  validate: (names: string[], data: object) => names.filter((name) => name in data).length <= 1,
});
ajv.addKeyword({
  keyword: 'x-exactly-one',
  validate: (names: string[], data: object) => names.filter((name) => name in data).length === 1,
});
ajv.addKeyword({
  keyword: 'x-with',
  validate: (rules: Record<string, string[]>, data: object) =>
    Object.entries(rules).every(
      ([name, others]) => !(name in data) || others.every((other) => other in data),
    ),
});

const compiled = new Map<SchemaName, ValidateFunction>();

/** What is wrong with a document; empty: nothing. Checked as the text that HCS gets. */
export function schemaErrors(name: SchemaName, document: unknown): string[] {
  const validate = compiled.get(name) ?? ajv.compile(readSchema(name));
  compiled.set(name, validate);
  validate(JSON.parse(JSON.stringify(document)));
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath}: ${message} ${JSON.stringify(params)}`,
  );
}

function readSchema(name: SchemaName): object {
  return JSON.parse(readFileSync(new URL(`../schemas/${name}.json`, import.meta.url), 'utf8')) as object;
}
