import { readFileSync } from 'node:fs';
import path from 'node:path';
import { FileBatch } from '../file-batch.js';
import type { Native } from '../native.js';
import { directoryOf, type GroupDirectories } from './groups.js';
import type { LimitFile } from './limit-file.js';
import { STEP } from './limit-writer.js';

interface Earlier {
  readonly file: LimitFile;
  readonly directory: string;
  /** Lines, each as it is written by itself; none also where the controller was not there yet. */
  readonly lines: readonly string[];
}

/** What the files of some limits held before they were changed. */
export class EarlierLimits {
  readonly #native: Native;
  readonly #earlier: readonly Earlier[];

  private constructor(native: Native, earlier: readonly Earlier[]) {
    this.#native = native;
    this.#earlier = earlier;
  }

  static async read(
    native: Native,
    groups: GroupDirectories,
    files: readonly LimitFile[],
  ): Promise<EarlierLimits> {
    const batch = new FileBatch();
    const handles = files.flatMap((file) => {
      const directory = directoryOf(groups, file.controller);
      if (directory === undefined) return [];
      const step = batch.add({ op: 'read', path: path.join(directory, file.file), optional: true });
      return [{ file, directory, step }];
    });
    await batch.run(native, STEP);
    return new EarlierLimits(
      native,
      handles.map(({ file, directory, step }) => {
        const { done, text } = batch.result(step);
        return { file, directory, lines: done ? text.split('\n').filter(Boolean) : [] };
      }),
    );
  }

  /** Writes it back. */
  async restore(): Promise<void> {
    const undo = new FileBatch();
    const write = ({ directory, file }: Earlier, text: string): void =>
      void undo.add({ op: 'write', path: path.join(directory, file.file), text, optional: true });
    for (const earlier of this.#earlier) {
      const { none = withoutLimit(earlier) } = earlier.file;
      if (none !== undefined) write(earlier, none);
    }
    // Twice: of memory and the sum with swap in v1, the greater has to be first, whichever it is.
    for (const earlier of [...this.#earlier.toReversed(), ...this.#earlier])
      for (const line of earlier.lines) write(earlier, line);
    await undo.run(this.#native, STEP);
  }
}

/** Processors that were not limited cannot be so again, but be all that the nearest group above has. */
function withoutLimit({ file, directory, lines }: Earlier): string | undefined {
  if (file.told === undefined || lines.length > 0) return undefined;
  for (let above = path.dirname(directory); above !== path.dirname(above); above = path.dirname(above)) {
    try {
      return readFileSync(path.join(above, file.told), 'utf8').trim();
    } catch {
      continue;
    }
  }
  return undefined;
}
