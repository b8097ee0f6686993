import { execFileSync, spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import { eventually } from './eventually.js';
import { scratchPath } from './scratch.js';

export const hasTmux: boolean = spawnSync('tmux', ['-V']).status === 0;

/** A terminal of 100 columns and 30 rows with somebody in front of it. */
export class Tmux implements Disposable {
  readonly #socket = scratchPath('tmux');

  /** Starts a shell without start-up files. */
  constructor() {
    this.#run(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      '100',
      '-y',
      '30',
      "env PS1='$ ' bash --norc --noprofile",
    );
    this.#run('set-option', '-g', 'status', 'off');
  }

  /** Types text, which may end in a line end. */
  type(text: string): void {
    this.#run('send-keys', '-l', '--', text.replace(/\n$/, ''));
    if (text.endsWith('\n')) this.key('Enter');
  }

  /** A key as tmux calls it: `C-c`, `Up`. */
  key(name: string): void {
    this.#run('send-keys', name);
  }

  resize(columns: number, rows: number): void {
    this.#run('resize-window', '-x', `${columns}`, '-y', `${rows}`);
  }

  /** What can be seen, without spaces at the ends of lines. */
  screen(): string {
    return this.#run('capture-pane', '-p').trimEnd();
  }

  async shows(what: string | RegExp): Promise<void> {
    await eventually(() => expect(this.screen()).toMatch(what), 15_000);
  }

  [Symbol.dispose](): void {
    spawnSync('tmux', ['-S', this.#socket, 'kill-server']);
  }

  #run(...args: string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8' });
  }
}
