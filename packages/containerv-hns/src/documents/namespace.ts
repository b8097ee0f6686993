import type { JsonObject } from '../json.js';
import { SCHEMA_2_0 } from './schema-version.js';

/** An ordinary namespace for HcnCreateNamespace: of no special type, so of a container. */
export function namespaceV2(): JsonObject {
  return { SchemaVersion: SCHEMA_2_0 };
}

/** HcnModifyNamespace. */
export function namespaceEndpoint(request: 'Add' | 'Remove', endpointId: string): JsonObject {
  return { ResourceType: 'Endpoint', RequestType: request, Settings: { EndpointId: endpointId } };
}

/** What the query functions of computenetwork.dll take; everything of the object. */
export function queryV2(): JsonObject {
  return { SchemaVersion: SCHEMA_2_0, Flags: 0 };
}
