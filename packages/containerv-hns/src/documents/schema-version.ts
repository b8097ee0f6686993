import type { JsonObject } from '../json.js';

export const SCHEMA_2_0: JsonObject = { Major: 2, Minor: 0 };
