import { closeSync, createWriteStream, openSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { bytesOf, textOf, untilSaid } from '../support/collect.js';
import { json, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { scratchPath } from '../support/scratch.js';
import { digest, pouredBytes } from '../support/stream.js';

const MEBIBYTE = 1024 ** 2;

describe('pipes', () => {
  test('carry 64 MiB of binary data through stdin and stdout unchanged', async () => {
    await using container = await small();
    const input = pouredBytes(64 * MEBIBYTE, 7);
    const { stdout } = await container.run('cat', [], {
      input,
      encoding: 'buffer',
      maxBuffer: 65 * MEBIBYTE,
    });
    expect(stdout.length).toBe(input.length);
    expect(digest(stdout)).toBe(digest(input));
  });

  test('of spawn: written and read at once, ends on both sides', async () => {
    await using container = await small();
    const process = await container.spawn('cat');
    const input = pouredBytes(5 * MEBIBYTE, 3);
    const output = bytesOf(process.stdout);
    process.stdin?.end(input);
    expect(digest(await output)).toBe(digest(input));
    expect(await textOf(process.stderr)).toBe('');
    expect(await process.wait()).toMatchObject({ exitCode: 0, signal: null, cause: 'exit' });
  });

  test('stdout and stderr are two', async () => {
    await using container = await small();
    const result = await container.run('say', ['out', '1', 'err', '2', 'put', '1', 'or', '2']);
    expect(result).toMatchObject({ stdout: 'output', stderr: 'error' });
  });

  test('what a process wrote before it ended by a signal is all there', async () => {
    await using container = await small();
    const process = await container.spawn('sleep');
    await untilSaid(process, 'ready');
    await process.kill('SIGKILL');
    expect(await process.wait()).toMatchObject({ signal: 'SIGKILL' });
  });

  test.for([1, 100_000])('once wait() resolves, listeners have been given all of %d bytes', async (size) => {
    await using container = await small();
    for (let round = 0; round < 100; round++) {
      const process = await container.spawn('pour', [`${size}`, `${round}`]);
      let got = 0;
      process.stdout?.on('data', (chunk: Buffer) => (got += chunk.length));
      await process.wait();
      expect(got).toBe(size);
    }
  });

  test('exit comes before close, and close after the last data', async () => {
    await using container = await small();
    const process = await container.spawn('pour', ['300000', '1']);
    const order: string[] = [];
    process.stdout?.on('data', () => order.at(-1) === 'data' || order.push('data'));
    process.stdout?.on('end', () => order.push('end'));
    process.stderr?.resume();
    const closed = new Promise<void>((resolve) => {
      process.on('exit', (code, signal) => order.push(`exit ${code} ${signal}`));
      process.on('close', (code, signal) => {
        order.push(`close ${code} ${signal}`);
        resolve();
      });
    });
    await closed;
    expect(order.findLast((event) => event !== 'data')).toBe('close 0 null');
    expect(order.indexOf('end')).toBeLessThan(order.indexOf('close 0 null'));
    expect(order).toContain('exit 0 null');
    expect(order.lastIndexOf('data')).toBeLessThan(order.indexOf('end'));
  });

  test('reading the end of stdin ends a reader, and an empty stdin is empty', async () => {
    await using container = await small();
    expect((await container.run('cat')).stdout).toBe('');
    expect((await container.run('cat', [], { input: '' })).stdout).toBe('');
    const process = await container.spawn('cat');
    process.stdin?.end();
    expect(await textOf(process.stdout)).toBe('');
    expect(await process.wait()).toMatchObject({ exitCode: 0 });
  });

  test('a reader that stops reading ends the writer by SIGPIPE', async () => {
    await using container = await small();
    const process = await container.spawn('flood');
    process.stdout?.destroy();
    expect(await process.wait()).toMatchObject({ exitCode: null, signal: 'SIGPIPE', cause: 'signal' });
    const quiet = await container.spawn('flood', ['quietly']);
    quiet.stdout?.destroy();
    // EPIPE
    expect(await quiet.wait()).toMatchObject({ exitCode: 32, signal: null, cause: 'exit' });
  });

  test('stdin of a process that has ended is closed; what it did not read is an error of that write alone', async () => {
    await using container = await small();
    const process = await container.spawn('sleep', ['100']);
    process.stdin?.on('error', () => {});
    const written = new Promise((resolve) => process.stdin?.write(Buffer.alloc(MEBIBYTE), resolve));
    const closed = new Promise((resolve) => process.stdin?.once('close', resolve));
    await process.wait();
    await closed;
    expect(process.stdin?.destroyed).toBe(true);
    expect(await written).toBeInstanceOf(Error);
    expect((await container.run('true', [], { input: Buffer.alloc(MEBIBYTE) })).exitCode).toBe(0);
  });
});

describe('ignore', () => {
  test('is the null device, both ways', async () => {
    await using container = await small();
    const process = await container.spawn('cat', [], { stdio: 'ignore' });
    expect([process.stdin, process.stdout, process.stderr]).toEqual([null, null, null]);
    expect(await process.wait()).toMatchObject({ exitCode: 0 });
  });
});

describe('descriptors and streams of the caller', () => {
  test('a file for each', async () => {
    const [input, output] = [scratchPath('input'), scratchPath('output')];
    writeFileSync(input, 'through files\n');
    const fds = [openSync(input, 'r'), openSync(output, 'w')];
    await using container = await small();
    const process = await container.spawn('cat', [], { stdio: [fds[0], fds[1], 'ignore'] });
    expect(await process.wait()).toMatchObject({ exitCode: 0 });
    expect(readFileSync(output, 'utf8')).toBe('through files\n');
    // They stay the caller's.
    for (const fd of fds) closeSync(fd);
  });

  test('streams without a descriptor are copied, and stay open', async () => {
    await using container = await small();
    const output = new PassThrough();
    const process = await container.spawn('cat', [], {
      stdio: [Readable.from([Buffer.from('one '), Buffer.from('two')]), output, 'ignore'],
    });
    expect([process.stdin, process.stdout]).toEqual([null, null]);
    expect(await process.wait()).toMatchObject({ exitCode: 0 });
    expect(output.read()?.toString()).toBe('one two');
    expect(output.writableEnded).toBe(false);
    const again = await container.spawn('echo', ['three'], { stdio: ['ignore', output, 'ignore'] });
    await again.wait();
    expect(output.read()?.toString()).toBe('three\n');
  });

  test('a stream of a file is its descriptor', async () => {
    const file = scratchPath('stream');
    const stream = createWriteStream(file);
    await new Promise((resolve) => stream.once('open', resolve));
    await using container = await small();
    const process = await container.spawn('echo', ['to the file'], { stdio: ['ignore', stream, 'ignore'] });
    expect(await process.wait()).toMatchObject({ exitCode: 0 });
    stream.end();
    expect(readFileSync(file, 'utf8')).toBe('to the file\n');
  });

  test('inherit is this process’s own', async () => {
    await using container = await small();
    const report = await container.run('descriptors', [], { stdio: ['inherit', 'pipe', 'inherit'] });
    const seen = JSON.parse(report.stdout) as Record<string, string>;
    expect(seen['2']).toBe(readlinkSync('/proc/self/fd/2'));
  });

  test('a descriptor that is not open is refused, and nothing is started', async () => {
    await using container = await small();
    await failure(container.spawn('true', [], { stdio: ['ignore', 9999, 'ignore'] }), {
      code: /^ERR_CONTAINERV_/,
      errno: 'EBADF',
    });
    expect((await json<unknown[]>(container, 'processes')).length).toBe(2);
  });
});

describe('output of run', () => {
  test('more than maxBuffer ends the process and says so, with what there was', async () => {
    await using container = await small();
    const error = await failure(container.run('flood', [], { maxBuffer: 1000 }), {
      code: 'ERR_CONTAINERV_RUN',
      message: /more than 1000 bytes to stdout/,
      hint: /maxBuffer/,
    });
    expect((error as unknown as { result: { stdout: string } }).result.stdout).toBe('x'.repeat(1000));
  });

  test('exactly maxBuffer is not more', async () => {
    await using container = await small();
    const { stdout } = await container.run('pour', ['1000', '1'], { maxBuffer: 1000, encoding: 'buffer' });
    expect(stdout.length).toBe(1000);
  });

  test('in lines, and in other encodings', async () => {
    await using container = await small();
    const lines = await container.run('say', ['a\n\nb\r\nc', '1', 'err\n', '2'], { lines: true });
    expect(lines).toMatchObject({ stdout: ['a', '', 'b', 'c'], stderr: ['err'] });
    expect((await container.run('say', ['hé', '1'], { encoding: 'hex' })).stdout).toBe('68c3a9');
    expect((await container.run('say', ['hé', '1'], { encoding: 'buffer' })).stdout).toEqual(
      Buffer.from('hé'),
    );
  });

  test('UTF-8 that is cut between two reads stays whole', async () => {
    await using container = await small();
    const text = '🙂é日'.repeat(60_000);
    expect((await container.run('cat', [], { input: text })).stdout).toBe(text);
  });
});

test('a duplex and a writable that fail do not take the process or the container with them', async () => {
  await using container = await small();
  const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) });
  broken.on('error', () => {});
  const process = await container.spawn('say', ['x', '1'], { stdio: ['ignore', broken, 'ignore'] });
  await process.wait();
  const duplex = Duplex.from(async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) yield chunk;
  });
  const through = await container.spawn('echo', ['y'], { stdio: ['ignore', duplex, 'ignore'] });
  await through.wait();
  expect((await container.run('echo', ['alive'])).stdout).toBe('alive\n');
});
