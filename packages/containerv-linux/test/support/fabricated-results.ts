import type { FileBatch } from '../../src/file-batch.js';
import type { FileResult, FileStep } from '../../src/native.js';

const DONE: FileResult = { done: true, text: '', fd: -1, syscall: '', errno: 0 };

export function failed(errno: number, syscall = 'call'): FileResult {
  return { done: false, text: '', fd: -1, syscall, errno };
}

/**
 * Has a batch settle as if every step had been done, but for what `answer` says otherwise. Files read back as they were
 * written.
 */
export function settleAs(
  batch: FileBatch,
  answer: (step: FileStep) => Partial<FileResult> | undefined = () => undefined,
): void {
  const written = new Map<string, string>();
  const results = batch.steps.map((step): FileResult => {
    if (step.op === 'write') written.set(step.path, step.text);
    const text = step.op === 'read' ? `${written.get(step.path) ?? ''}\n` : '';
    return { ...DONE, text, fd: step.op === 'open' ? 77 : -1, ...answer(step) };
  });
  batch.settle(results, 'test');
}
