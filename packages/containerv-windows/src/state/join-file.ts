import { writeFile } from 'node:fs/promises';
import { win32 } from 'node:path';
import type { ContainerSpec } from 'containerv-api';
import { buildJoinDocument, JOIN_FILE } from '../documents/join-document.js';

/** Before anything runs: it stays as it is for as long as there is the container. */
export async function writeJoinFile(directory: string, spec: ContainerSpec, owner: string): Promise<void> {
  await writeFile(win32.join(directory, JOIN_FILE), JSON.stringify(buildJoinDocument(spec, owner)));
}
