import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

export type SchemaName =
  | 'hns-endpoint'
  | 'hns-attachment'
  | 'hcn-endpoint'
  | 'hcn-namespace'
  | 'hcn-modify-namespace'
  | 'hcn-query';

const ajv = new Ajv2020({ strict: true, allErrors: true, strictTypes: false });
const compiled = new Map<SchemaName, ValidateFunction>();

/** What is wrong with a document; empty: nothing. Checked as the text that HNS gets. */
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
