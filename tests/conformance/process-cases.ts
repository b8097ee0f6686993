// What holds for processes of every driver.
import assert from 'node:assert/strict';
import { buffer, text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { type ConformanceCase, codeOf, rejectionOf } from './harness.js';

export const processCases: readonly ConformanceCase[] = [
  {
    name: 'stdout and stderr come apart, with the exit code',
    async run({ create, commands }) {
      await using container = await create();
      const { stdout, stderr, exitCode, signal, timedOut } = await container.run(...commands.both);
      assert.deepEqual([stdout, stderr, exitCode, signal, timedOut], ['out', 'err', 0, null, false]);
    },
  },
  {
    name: 'an exit code other than 0 rejects with everything that came, unless it is not to',
    async run({ create, commands }) {
      await using container = await create();
      const error = await rejectionOf(container.run(...commands.exit(42)));
      assert.equal(error['code'], 'ERR_CONTAINERV_RUN');
      assert.equal((error['result'] as { exitCode: number }).exitCode, 42);
      const { exitCode } = await container.run(...commands.exit(3), { reject: false });
      assert.equal(exitCode, 3);
    },
  },
  {
    name: 'input goes in whole and comes out whole, binary and large',
    async run({ create, commands }) {
      await using container = await create();
      const input = Buffer.alloc(1024 ** 2, 'äöü\r\n\0');
      const { stdout } = await container.run(...commands.copy, { input, encoding: 'buffer' });
      assert.ok(stdout.equals(input));
      assert.equal((await container.run(...commands.copy)).stdout, '');
    },
  },
  {
    name: 'too much output ends the command',
    async run({ create, commands }) {
      await using container = await create();
      const size = 4 * 1024 ** 2;
      const whole = await container.run(...commands.fill(size), { encoding: 'buffer', maxBuffer: size });
      assert.equal(whole.stdout.length, size);
      const error = await rejectionOf(container.run(...commands.fill(size), { maxBuffer: 1000 }));
      assert.equal(error['code'], 'ERR_CONTAINERV_RUN');
      assert.match(error.message, /more than 1000 bytes/);
    },
  },
  {
    name: 'arguments arrive exactly',
    async run({ create, commands }) {
      await using container = await create();
      const args = ['', 'a b', 'q"x', 'tail\\', '%OS% $HOME `id`', '^&|<>()', 'é漢', "'", '*', '-n'];
      const { stdout } = await container.run(...commands.echo(args));
      assert.deepEqual(stdout.split('\0').slice(0, -1), args);
    },
  },
  {
    name: 'variables are those of the container, changed by those of the process',
    async run({ create, commands }) {
      await using container = await create({ env: { KEPT: 'é', CHANGED: 'before', REMOVED: 'x' } });
      const env = { CHANGED: 'after', REMOVED: undefined };
      const read = async (name: string): Promise<string> =>
        (await container.run(...commands.variable(name), { env })).stdout;
      assert.deepEqual(
        [await read('KEPT'), await read('CHANGED'), await read('REMOVED')],
        ['é', 'after', ''],
      );
    },
  },
  {
    name: 'a command, and a directory, that do not exist',
    async run({ create, commands }) {
      await using container = await create();
      const error = await rejectionOf(container.run(...commands.missing));
      assert.deepEqual([error['code'], error['errno']], ['ERR_CONTAINERV_SPAWN', 'ENOENT']);
      assert.equal(
        await codeOf(container.run(...commands.both, { cwd: '/does/not/exist' })),
        'ERR_CONTAINERV_NOT_FOUND',
      );
    },
  },
  {
    name: 'a timeout ends it',
    async run({ create, commands }) {
      await using container = await create();
      const options = { timeout: 200, killSignal: 'SIGKILL' } as const;
      const error = await rejectionOf(container.run(...commands.sleep(600), options));
      assert.equal(error['code'], 'ERR_CONTAINERV_TIMEOUT');
      const { timedOut } = await container.run(...commands.sleep(600), { ...options, reject: false });
      assert.equal(timedOut, true);
      const child = await container.spawn(...commands.sleep(600), { ...options, stdio: 'ignore' });
      const { cause, signal, exitCode } = await child.wait();
      assert.deepEqual([cause, signal, exitCode], ['timeout', 'SIGKILL', null]);
    },
  },
  {
    name: 'an AbortSignal ends it, and one that has fired starts nothing',
    async run({ create, commands }) {
      await using container = await create();
      const controller = new AbortController();
      const child = await container.spawn(...commands.sleep(600), {
        stdio: 'ignore',
        signal: controller.signal,
      });
      controller.abort();
      assert.equal((await child.wait()).cause, 'aborted');
      const reason = new Error('enough');
      const error = await rejectionOf(container.run(...commands.both, { signal: AbortSignal.abort(reason) }));
      assert.deepEqual([error['code'], error.cause], ['ERR_CONTAINERV_ABORTED', reason]);
    },
  },
  {
    name: 'a process is killed through itself and by its id; one that is not there is not found',
    async run({ create, commands }) {
      await using container = await create();
      const first = await container.spawn(...commands.sleep(600), { stdio: 'ignore' });
      await first.kill('SIGKILL');
      const { exitCode, signal, cause } = await first.wait();
      assert.deepEqual([exitCode, signal, cause], [null, 'SIGKILL', 'signal']);
      await first.kill();
      const second = await container.spawn(...commands.sleep(600), { stdio: 'ignore' });
      await container.kill(second.pid, 'SIGKILL');
      assert.equal((await second.wait()).signal, 'SIGKILL');
      assert.equal(await codeOf(container.kill(4_000_000, 'SIGKILL')), 'ERR_CONTAINERV_NOT_FOUND');
      assert.equal(
        await codeOf(container.kill(second.pid, 'SIGNOTHING' as never)),
        'ERR_CONTAINERV_INVALID_OPTION',
      );
    },
  },
  {
    name: 'streams: what goes in, what comes out, and events in their order',
    async run({ create, commands }) {
      await using container = await create();
      const child = await container.spawn(...commands.copy);
      const events: string[] = [];
      child.on('exit', () => events.push('exit')).on('close', () => events.push('close'));
      const output = text(child.stdout as Readable);
      child.stdin?.write('one ');
      child.stdin?.end('two');
      child.stderr?.resume();
      assert.equal(await output, 'one two');
      assert.deepEqual([(await child.wait()).cause, events], ['exit', ['exit', 'close']]);
      const silent = await container.spawn(...commands.both, { stdio: 'ignore' });
      assert.deepEqual([silent.stdin, silent.stdout, silent.stderr], [null, null, null]);
      assert.equal((await silent.wait()).exitCode, 0);
    },
  },
  {
    name: 'many at once, each with its own output',
    async run({ create, commands }) {
      await using container = await create();
      const all = Array.from({ length: 8 }, async (_, index) =>
        container.run(...commands.echo([`number ${index}`])),
      );
      const outputs = (await Promise.all(all)).map(({ stdout }) => stdout);
      assert.deepEqual(
        outputs,
        outputs.map((_, index) => `number ${index}\0`),
      );
    },
  },
  {
    name: 'options that are not, and those that contradict, reject before anything is started',
    async run({ create, commands }) {
      await using container = await create();
      for (const options of [{ inputs: 'x' }, { timeout: 'soon' }, { stdio: 'pip' }, { detached: true }]) {
        assert.equal(
          await codeOf(container.run(...commands.both, options as object)),
          'ERR_CONTAINERV_INVALID_OPTION',
          JSON.stringify(options),
        );
      }
      assert.equal(await codeOf(container.spawn('')), 'ERR_CONTAINERV_INVALID_OPTION');
      const child = await container.spawn(...commands.copy);
      const size = await codeOf(child.resize({ columns: 80, rows: 24 }));
      assert.equal(size, 'ERR_CONTAINERV_STATE');
      const drained = Promise.all([buffer(child.stdout as Readable), buffer(child.stderr as Readable)]);
      child.stdin?.end();
      await Promise.all([drained, child.wait()]);
    },
  },
  {
    name: 'a process ends with its container, and is told why',
    async run({ create, commands }) {
      for (const ending of ['stop', 'destroy'] as const) {
        await using container = await create();
        const child = await container.spawn(...commands.sleep(600), { stdio: 'ignore' });
        const closed = new Promise((resolve) => child.once('close', resolve));
        await (ending === 'stop' ? container.stop({ timeout: 100 }) : container.destroy());
        assert.equal((await child.wait()).cause, ending === 'stop' ? 'signal' : 'destroyed');
        await closed;
      }
    },
  },
];
