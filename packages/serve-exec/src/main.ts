import { fileURLToPath } from 'node:url';
import { ContainervError } from 'containerv-api';
import { execInContainer } from './exec/exec-in-container.js';
import { statusOfError } from './exec/exit-status.js';
import { oneLine } from './exec/one-line.js';
import { parseRequest } from './exec/request.js';
import { execOnWindows } from './exec/windows/front.js';
import { HELP } from './help.js';
import { nativeLauncherPath } from './native-launcher.js';
import { wrappersCommand } from './wrappers/wrappers-command.js';

/** The bundled command line. */
const OWN_PROGRAM = fileURLToPath(new URL('cli.js', import.meta.url));

/** Everything outside of itself that the command line writes to. */
export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** Runs one command line, without the program's name; gives the exit status and never rejects. */
export async function main(argv: readonly string[], version: string, streams: Streams): Promise<number> {
  try {
    return await dispatch(argv, version, streams);
  } catch (error) {
    streams.stderr.write(oneLine(error));
    return statusOfError(error);
  }
}

async function dispatch(
  argv: readonly string[],
  version: string,
  { stdout, stderr }: Streams,
): Promise<number> {
  if (argv[0] === 'wrappers') {
    stdout.write(await wrappersCommand(argv.slice(1), OWN_PROGRAM));
    return 0;
  }
  const invocation = parseRequest(argv);
  switch (invocation.kind) {
    case 'exec':
      return process.platform === 'win32'
        ? execOnWindows(invocation.request)
        : execInContainer(invocation.request, (line) => stderr.write(line));
    case 'help':
      stdout.write(HELP);
      return 0;
    case 'version':
      stdout.write(`serve-exec ${version}\n`);
      return 0;
    case 'print-native-path':
      stdout.write(`${await requireNativePath()}\n`);
      return 0;
  }
}

async function requireNativePath(): Promise<string> {
  const path = await nativeLauncherPath();
  if (path !== undefined) return path;
  throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', 'There is no native program for this machine', {
    hint: 'This one does the same, only slower.',
  });
}
