// serve-exec at a console: Wine makes one of the terminal that it is started at. It does not tell its programs when that
// terminal changes its size, so a program that shares the console changes it; Ctrl-C comes as an event, also where the
// mode says that it is a key; and Ctrl-Break does not come at all.
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasTmux, Tmux } from '../support/tmux.js';
import { IMPLEMENTATIONS, missingForTrials, setUpTrials, Trial } from './support/serve-exec.js';
import { stopLane, winPath } from './wine/lane.mjs';

const missing = (await missingForTrials()) ?? (hasTmux ? undefined : 'tmux');
if (missing !== undefined) {
  test(`needs Wine, a compiler for Windows, and tmux: ${missing}`, (context) => context.skip());
}

const GUEST = winPath(fileURLToPath(new URL('build/libraries/guest.exe', import.meta.url)));
/** STATUS_CONTROL_C_EXIT, of which 8 bits come through Wine. */
const CONTROL_C_EXIT = 0x3a;

describe.skipIf(missing !== undefined)('serve-exec at a console', { timeout: 120_000 }, () => {
  beforeAll(setUpTrials, 600_000);
  afterAll(stopLane);

  const start = (tmux: Tmux, trial: Trial, before: readonly string[] = []): void => {
    const file = path.join(trial.directory, 'in');
    writeFileSync(file, trial.script(['--container', 'box', '--path', 'guest.exe', '--', 'cat'], before));
    chmodSync(file, 0o755);
    tmux.type(`clear; ${file}; echo status $?\n`);
  };

  test.for(IMPLEMENTATIONS)(
    '%s: the command has a console of this size, its keys, and Ctrl-C',
    async (implementation) => {
      using trial = new Trial({ implementation });
      using tmux = new Tmux();
      start(tmux, trial);
      await trial.wrote(/^open v2 process/);
      expect(trial.parameters).toMatchObject({
        EmulateConsole: true,
        ConsoleSize: [30, 100],
        CreateStdInPipe: true,
        CreateStdOutPipe: true,
        CreateStdErrPipe: false,
      });
      // The command writes what it reads: once, so that nobody else did.
      tmux.type('typed');
      await tmux.shows(/^typed$/m);
      tmux.key('C-c');
      await tmux.shows(new RegExp(`status ${CONTROL_C_EXIT}$`, 'm'));
      expect(trial.journal).toContain('signal {"Signal":"CtrlC"}');
      expect(trial.faults).toEqual([]);
    },
  );

  test.for(IMPLEMENTATIONS)(
    '%s: a new size, a Ctrl-C event, and the modes as they were',
    async (implementation) => {
      using trial = new Trial({ implementation });
      using tmux = new Tmux();
      start(tmux, trial, [GUEST, 'console', '90', '20']);
      await trial.wrote(/^modify .*"ConsoleSize"/);
      expect(trial.journal).toContainEqual(
        expect.stringMatching(/^modify .*"ConsoleSize":\{"Height":20,"Width":90\}/),
      );
      await trial.wrote(/^signal \{"Signal":"CtrlC"\}/);
      // Node.js has modes of its own, and no way back to others.
      await tmux.shows(/0xc000013a, lines kept, modes (kept|changed)/);
      if (implementation === 'native') expect(tmux.screen()).toContain('modes kept');
      expect(trial.faults).toEqual([]);
    },
  );
});
