import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { scratchPath } from '../support/scratch.js';

/** What npm and node see of the environment: nothing of a package manager that started the tests. */
function environment(cache: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|NODE_OPTIONS$|NODE_PATH$|VITEST|CONTAINERV_TEST_)/i.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    npm_config_cache: cache,
    npm_config_userconfig: path.join(cache, 'npmrc'),
    npm_config_offline: 'true',
  };
}

/** An empty project outside of the repository, with an empty npm cache and no registry. */
export class Project {
  readonly directory: string;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(name: string, manifest: object = {}) {
    this.directory = scratchPath(name);
    const cache = scratchPath(`${name}-cache`);
    for (const directory of [this.directory, cache]) mkdirSync(directory);
    this.#environment = environment(cache);
    this.write('package.json', JSON.stringify({ name, version: '1.0.0', private: true, ...manifest }));
  }

  write(file: string, text: string): void {
    writeFileSync(path.join(this.directory, file), text);
  }

  run(command: string, args: readonly string[]): SpawnSyncReturns<string> {
    return spawnSync(command, args, { cwd: this.directory, env: this.#environment, encoding: 'utf8' });
  }

  /** `npm install` of what is given, or else of what the manifest says. Throws with npm's words when it fails. */
  install(tarballs: readonly string[], flags: readonly string[] = []): void {
    const { status, stdout, stderr } = this.run('npm', [
      'install',
      '--no-audit',
      '--no-fund',
      ...flags,
      ...tarballs.map((tarball) => `file:${tarball}`),
    ]);
    if (status !== 0) throw new Error(`npm install ended with ${status}\n${stdout}${stderr}`);
  }

  /** Runs a script that prints JSON. */
  json(file: string, text: string): unknown {
    this.write(file, text);
    const { status, stdout, stderr } = this.run(process.execPath, [file]);
    if (status !== 0 || stderr !== '') throw new Error(`${file} ended with ${status}\n${stdout}${stderr}`);
    return JSON.parse(stdout);
  }
}
