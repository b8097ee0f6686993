import type { UndoStack } from 'containerv-api';
import type { HcsSystem } from '../hcs/hcs-api.js';
import { streamOpener } from '../process/native-stream.js';

/**
 * Starts the first process of a Linux container, the one of its document: without it nothing else can run. It lives for
 * as long as its input is open, which is as long as we keep it.
 */
export async function startInit(system: HcsSystem, undo: UndoStack): Promise<void> {
  const open = await streamOpener();
  const process = await system.createProcess({
    CreateStdInPipe: true,
    CreateStdOutPipe: false,
    CreateStdErrPipe: false,
  });
  const { stdin } = process.takePipes();
  // It is the system's end that tells of it.
  await process.close();
  if (stdin === null) return;
  const input = open(stdin, 'write');
  input.on('error', () => {});
  // It keeps the container, not this program.
  input.unref();
  undo.push(() => void input.destroy());
}
