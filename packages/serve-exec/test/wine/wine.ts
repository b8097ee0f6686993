import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILER = 'x86_64-w64-mingw32-gcc';

function missing(): string | undefined {
  for (const [program, packages] of [
    ['wine', 'wine wine64'],
    [COMPILER, 'gcc-mingw-w64-x86-64'],
  ] as const) {
    if (spawnSync(program, ['--version']).status !== 0)
      return `needs ${program}: apt-get install ${packages}`;
  }
  return undefined;
}

/** Why Windows programs cannot be compiled and run here; `undefined`: they can. */
export const wineMissing: string | undefined = process.platform === 'linux' ? missing() : 'needs Linux';

export interface WineEnded {
  /** Modulo 256. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Windows of its own, in a directory that goes with it. Unix paths are below `Z:`. */
export class Wine implements Disposable {
  readonly directory: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor() {
    this.directory = mkdtempSync(path.join(tmpdir(), 'serve-exec-wine-'));
    const prefix = path.join(this.directory, 'prefix');
    mkdirSync(prefix);
    this.#env = {
      PATH: process.env['PATH'],
      HOME: this.directory,
      LANG: 'C.UTF-8',
      WINEPREFIX: prefix,
      WINEARCH: 'win64',
      WINEDEBUG: '-all',
      WINEDLLOVERRIDES: 'mscoree=;mshtml=;winemenubuilder.exe=d;winedbg.exe=d',
    };
    execFileSync('wineserver', ['-p'], { env: this.#env, stdio: 'ignore' });
    execFileSync('wineboot', ['-i'], { env: this.#env, stdio: 'ignore' });
    this.compile('raw', path.join(this.directory, 'raw.exe'));
  }

  compile(source: string, to: string): void {
    const file = fileURLToPath(new URL(`${source}.c`, import.meta.url));
    execFileSync(COMPILER, ['-O1', '-municode', '-static-libgcc', '-s', '-o', to, file, '-lshell32'], {
      stdio: 'inherit',
    });
  }

  /** Runs one command line, which arrives character for character. */
  run(commandLine: string, env: NodeJS.ProcessEnv = {}): WineEnded {
    const file = path.join(this.directory, 'line');
    writeFileSync(file, Buffer.from(commandLine, 'utf16le'));
    const { status, stdout, stderr } = spawnSync('wine', [path.join(this.directory, 'raw.exe'), file], {
      encoding: 'utf8',
      env: { ...this.#env, ...env },
      cwd: this.directory,
      input: '',
    });
    return { status, stdout, stderr };
  }

  [Symbol.dispose](): void {
    spawnSync('wineserver', ['-k', '-w'], { env: this.#env });
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A Unix path as Windows programs have it. */
export function windowsPath(file: string): string {
  return `Z:${file.replaceAll('/', '\\')}`;
}
