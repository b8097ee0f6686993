import { fileURLToPath } from 'node:url';
import { type Container, createContainer, listContainers } from 'containerv-linux';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { idFor } from '../support/suite.js';
import { hasTmux, Tmux } from '../support/tmux.js';

// What is typed at `containerv exec -it` and `containerv run -it`, by somebody in front of a terminal of tmux.

const CLI = fileURLToPath(new URL('../../packages/containerv/dist/cli.js', import.meta.url));
const COMMAND = `'${process.execPath}' '${CLI}'`;
const title = hasTmux ? 'containerv at a terminal' : 'containerv at a terminal (skipped: needs tmux)';

let container: Container;
beforeAll(async () => {
  container = await createContainer();
});
afterAll(async () => {
  await container.destroy();
});

async function namesInside(): Promise<string[]> {
  return (await container.processes()).map(({ name }) => name);
}

/** A terminal at which `containerv` is short for what it is, so that lines do not wrap. */
function terminal(): Tmux {
  const tmux = new Tmux();
  tmux.type(`containerv() { ${COMMAND} "$@"; }; clear\n`);
  return tmux;
}

const SHELL = "env 'PS1=inside> ' bash --norc --noprofile";

describe.skipIf(!hasTmux)(title, () => {
  describe.each([
    { name: 'exec', start: () => `containerv exec -it ${container.id}` },
    { name: 'run', start: () => 'containerv run -it --' },
  ])('$name -it: a shell', ({ start }) => {
    test('has a terminal, whose size follows', async () => {
      using tmux = terminal();
      tmux.type(`${start()} ${SHELL}\n`);
      await tmux.shows(/inside>$/);
      tmux.type('clear; tty; stty size; test -t 0 -a -t 1 -a -t 2 && echo all three\n');
      await tmux.shows(/\/dev\/pts\/\d+\n30 100\nall three\ninside>$/);
      for (const [columns, rows] of [
        [90, 20],
        [120, 40],
      ] as const) {
        tmux.resize(columns, rows);
        await eventually(async () => {
          tmux.type('clear; stty size\n');
          await tmux.shows(/^\d+ \d+\ninside>$/);
          expect(tmux.screen()).toContain(`${rows} ${columns}\n`);
        }, 30_000);
      }
      tmux.type('exit 7\n');
      await tmux.shows(/^\$$/m);
      tmux.type('status=$?; clear; echo outside $status; stty -a | grep -o "[-]*icanon\\|[-]*echo "\n');
      await tmux.shows(/^outside 7\n(?:icanon\necho|echo\s*\nicanon)/m);
    });

    test('has jobs: Ctrl-C, Ctrl-Z, fg, bg, Ctrl-D', async () => {
      using tmux = terminal();
      tmux.type(`${start()} ${SHELL}\n`);
      await tmux.shows(/inside>$/);
      // What is typed before the shell has given the terminal to the job is edited by the shell.
      tmux.type('echo given; cat\n');
      await tmux.shows(/^given$/m);
      tmux.type('one\n');
      await tmux.shows(/^one\none$/m);
      tmux.key('C-z');
      await tmux.shows(/Stopped +[^\n]*cat\ninside>$/);
      tmux.type('clear; jobs\n');
      await tmux.shows(/^\[1\]\+ +Stopped +[^\n]*cat\ninside>$/m);
      tmux.type('clear; fg\n');
      await tmux.shows(/^(?:echo given; )?cat$/m);
      tmux.type('two\n');
      await tmux.shows(/^two\ntwo$/m);
      tmux.key('C-c');
      await tmux.shows(/\^C\ninside>$/);
      tmux.type('status=$?; clear; echo status $status\n');
      await tmux.shows(/^status 130\ninside>$/m);
      // Reading from the background stops a job, which is job control of the terminal, not of the shell.
      tmux.type('clear; cat &\n');
      await eventually(async () => {
        tmux.type('clear; jobs\n');
        await tmux.shows(/^\[1\]\+ +Stopped +[^\n]*cat/m);
      }, 30_000);
      tmux.type('clear; kill -KILL %1; wait; clear; echo all gone\n');
      await tmux.shows(/(?:^|\n)all gone\n(?:\[1\][^\n]*\n)?inside>$/);
      tmux.key('C-d');
      await tmux.shows(/exit\n\$$/);
    });
  });

  test('exit statuses are the command’s, by signal too', async () => {
    using tmux = terminal();
    tmux.type(`containerv exec -it ${container.id} sh -c 'exit 7'; echo ended $?\n`);
    await tmux.shows(/^ended 7$/m);
    tmux.type(`clear; containerv exec -it ${container.id} sleep 1000; echo ended $?\n`);
    await eventually(async () => expect(await namesInside()).toContain('sleep'), 30_000);
    tmux.key('C-c');
    await tmux.shows(/^(?:\^C)?ended 130$/m);
  });

  test('vi edits a file, and draws itself anew when the size changes', async () => {
    using tmux = terminal();
    tmux.type(`containerv exec -it ${container.id} vi -u NONE -N /tmp/edited\n`);
    await tmux.shows(/^~$/m);
    tmux.type('ifirst line\nsecond line');
    await tmux.shows(/^first line\nsecond line$/m);
    tmux.key('Escape');
    tmux.resize(70, 12);
    await tmux.shows(/^first line\nsecond line(?:\n~){9}/);
    tmux.type(':set columns? lines?\n');
    await tmux.shows(/columns=70\s+lines=12/);
    tmux.key('Enter');
    tmux.type(':wq\n');
    await tmux.shows(/^\$$/m);
    tmux.type('clear; stty -a | grep -o "[-]*icanon"\n');
    await tmux.shows(/^icanon$/m);
    const { stdout } = await container.run('cat', ['/tmp/edited']);
    expect(stdout).toBe('first line\nsecond line\n');
  });

  test('less pages, searches and goes back', async () => {
    using tmux = terminal();
    await container.run('sh', ['-c', 'seq 1 5000 > /tmp/numbers']);
    tmux.type(`containerv exec -it ${container.id} less /tmp/numbers\n`);
    await tmux.shows(/^1\n2\n[^]*\n29\n/);
    tmux.key('Space');
    await tmux.shows(/^30\n31\n[^]*\n58\n/);
    tmux.type('/^4321\n');
    await tmux.shows(/^4321\n4322\n/);
    tmux.resize(100, 10);
    await tmux.shows(/^4321\n(?:\d+\n){8}:$/);
    tmux.key('G');
    await tmux.shows(/\n5000\n\(END\)$/);
    tmux.key('g');
    await tmux.shows(/^1\n2\n/);
    tmux.key('q');
    await tmux.shows(/\$$/);
  });

  test('top draws the container’s processes, and no others, until q', async () => {
    using tmux = terminal();
    tmux.type(`containerv exec -it ${container.id} top -d 1\n`);
    await tmux.shows(/\bPID\b.*\bCOMMAND\b[^]*containerv-init[^]*\btop$/m);
    expect(tmux.screen()).not.toMatch(/\bnode\b|\btmux\b/);
    // It goes on drawing.
    const first = tmux.screen();
    await eventually(() => expect(tmux.screen()).not.toBe(first), 30_000);
    tmux.key('q');
    await tmux.shows(/\n\$$/);
    await eventually(async () => expect(await namesInside()).not.toContain('top'));
  });

  test('the last byte is shown, however much comes before it', async () => {
    using tmux = terminal();
    for (let round = 1; round <= 5; round++) {
      tmux.type(
        `clear; containerv exec -it ${container.id} sh -c 'seq 1 9000; printf last-${round}.'; echo ,then\n`,
      );
      await tmux.shows(new RegExp(`\n8999\n9000\nlast-${round}\\.,then\n\\$$`));
    }
  });

  test('Ctrl-D is the end of what is read', async () => {
    using tmux = terminal();
    tmux.type(`containerv exec -it ${container.id} sh -c 'cat; echo end of input'\n`);
    await eventually(async () => expect(await namesInside()).toContain('cat'), 30_000);
    tmux.type('some text\n');
    await tmux.shows(/^some text\nsome text$/m);
    tmux.key('C-d');
    await tmux.shows(/^end of input\n\$$/m);
  });

  test('when the terminal goes, the command that was started there goes', async () => {
    {
      using tmux = terminal();
      tmux.type(`containerv exec -it ${container.id} sleep 1000\n`);
      await eventually(async () => expect(await namesInside()).toContain('sleep'), 30_000);
    }
    await eventually(async () => expect(await namesInside()).not.toContain('sleep'), 30_000);
  });

  test('when the terminal goes, the container that was started there goes', async () => {
    const id = idFor('hung-up');
    const listed = async (): Promise<string[]> => (await listContainers()).map((info) => info.id);
    {
      using tmux = terminal();
      tmux.type(`containerv run -it --id ${id} -- sh\n`);
      await tmux.shows(/[#$] ?$/);
      await eventually(async () => expect(await listed()).toContain(id), 30_000);
    }
    await eventually(async () => expect(await listed()).not.toContain(id), 30_000);
  });
});
