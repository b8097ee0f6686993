import { chmodSync, writeFileSync } from 'node:fs';
import { type Container, createContainer } from 'containerv-linux';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { scratchPath } from '../support/scratch.js';
import { implementations } from '../support/serve-exec.js';
import { hasTmux, Tmux } from '../support/tmux.js';

let container: Container;
beforeAll(async () => {
  container = await createContainer();
});
afterAll(async () => {
  await container.destroy();
});

const title = hasTmux ? 'at a terminal' : 'at a terminal (skipped: needs tmux)';

describe.skipIf(!hasTmux).each(implementations)(`serve-exec ($name) ${title}`, ({ name: kind, command }) => {
  /** A script that runs serve-exec: what is typed stays short. */
  const script = (): string => {
    const file = scratchPath('in');
    const quoted = command.map((part) => `'${part}'`).join(' ');
    writeFileSync(
      file,
      `#!/bin/sh\npath=$1\nshift\nexec ${quoted} --container ${container.id} --path "$path" --wdir /tmp --env PS1='inside> ' -- "$@"\n`,
    );
    chmodSync(file, 0o755);
    return file;
  };
  const namesInside = async (): Promise<string[]> => {
    const names =
      'for file in /proc/[0-9]*/comm; do read -r name < $file && echo "$name"; done 2>/dev/null; true';
    return (await container.run('sh', ['-c', names])).stdout.split('\n');
  };

  test('a shell: line editing, size, window changes, Ctrl-C, Ctrl-D', async () => {
    using tmux = new Tmux();
    tmux.type(`${script()} bash --norc --noprofile\n`);
    await tmux.shows(/inside>$/);
    tmux.type('tty; stty size; test -t 0 -a -t 1 -a -t 2 && echo all three\n');
    await tmux.shows(/\/dev\/pts\/\d+\n30 100\nall three\ninside>$/);
    tmux.resize(90, 20);
    await eventually(async () => {
      tmux.type('clear; stty size\n');
      await tmux.shows(/^20 90$/m);
    });
    tmux.type('echo mistyped');
    for (let key = 0; key < 'mistyped'.length; key++) tmux.key('BSpace');
    tmux.type('corrected > /dev/tty\n');
    await tmux.shows(/^corrected$/m);
    tmux.type('sleep 100\n');
    await eventually(async () => expect(await namesInside()).toContain('sleep'));
    tmux.key('C-c');
    tmux.type('echo status $?\n');
    await tmux.shows(/^status 130$/m);
    tmux.type('exit 7\n');
    await tmux.shows(/^\$$/m);
    tmux.type('echo outside $?; stty -a | grep -o "[-]*icanon\\|[-]*echo "\n');
    await tmux.shows(/^outside 7\n(?:icanon\necho|echo\s*\nicanon)/m);
  });

  test('Ctrl-Z stops the job, fg continues it, the terminal is right each time', async () => {
    using tmux = new Tmux();
    tmux.type(`${script()} cat\n`);
    await eventually(async () => expect(await namesInside()).toContain('cat'));
    tmux.type('one\n');
    await tmux.shows(/^one\none$/m);
    for (let round = 0; round < 2; round++) {
      tmux.key('C-z');
      await tmux.shows(/Stopped[^\n]*\n\$$/);
      tmux.type('clear; stty -a | grep -o "[-]*icanon"; jobs\n');
      await tmux.shows(/^icanon\n\[1\]\+ +Stopped/m);
      tmux.type('fg\n');
      await tmux.shows(/^fg\n.*cat$|\$ fg\n/m);
      tmux.type(`again ${round}\n`);
      // The echo of Ctrl-Z may come only now.
      await tmux.shows(new RegExp(`^(?:\\^Z)?again ${round}\nagain ${round}$`, 'm'));
    }
    tmux.key('C-d');
    // What is typed ahead goes to who still reads the terminal.
    await tmux.shows(/\$$/);
    tmux.type('echo end $?\n');
    await tmux.shows(/^end 0$/m);
  });

  test('a program in raw mode that stops itself', async () => {
    using tmux = new Tmux();
    tmux.type(`${script()} vi -u NONE -N\n`);
    await tmux.shows(/^~$/m);
    tmux.type('iwritten inside');
    await tmux.shows('written inside');
    tmux.key('Escape');
    tmux.key('C-z');
    await tmux.shows(/Stopped/);
    tmux.type('echo between\n');
    await tmux.shows(/^between$/m);
    tmux.type('fg\n');
    await tmux.shows(/written inside\n~/);
    tmux.type(':q!\n');
    // What is typed ahead, vi throws away.
    await tmux.shows(/\$$/);
    tmux.type('echo vi $?\n');
    await tmux.shows(/^vi 0$/m);
  });

  // Node puts the terminal that it was started on back as it was when it ends, whoever uses it by then.
  test.skipIf(kind === 'node')(
    'in a pipeline the terminal is left to who reads it (not by Node)',
    async () => {
      using tmux = new Tmux();
      tmux.type(`${script()} seq 1 200 | less\n`);
      await tmux.shows(/^29$/m);
      tmux.key('G');
      await tmux.shows(/^200\n\(END\)$/m);
      tmux.key('q');
      await tmux.shows(/\$$/);
    },
  );

  test('a stderr that leads elsewhere stays apart', async () => {
    using tmux = new Tmux();
    const file = scratchPath('err');
    tmux.type(`${script()} sh -c 'test -t 1 && echo out; echo err >&2' 2>${file}; echo then; cat ${file}\n`);
    await tmux.shows(/^out\nthen\nerr$/m);
  });

  test('in the background it runs without touching the terminal', async () => {
    using tmux = new Tmux();
    tmux.type(`${script()} sh -c 'sleep 0.3; echo done there' &\n`);
    await tmux.shows(/^(?:\$ )?done there$/m);
    tmux.type('clear; wait %1; echo waited $?; stty -a | grep -o "[-]*icanon"\n');
    await tmux.shows(/^waited \d+\nicanon$/m);
    tmux.type('clear; jobs\n');
    await eventually(() => expect(tmux.screen()).not.toMatch(/Stopped/));
  });

  test('when the terminal goes, so does the command', async () => {
    {
      using tmux = new Tmux();
      tmux.type(`exec ${script()} sleep 100\n`);
      await eventually(async () =>
        expect((await namesInside()).filter((name) => name === 'sleep')).not.toEqual([]),
      );
    }
    await eventually(async () => expect(await namesInside()).not.toContain('sleep'));
  });
});
