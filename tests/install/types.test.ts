import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { scratchPath } from '../support/scratch.js';
import { packAll, PACKAGES, repository } from './packages.js';
import { Project } from './project.js';

const tsc = path.join(repository, 'node_modules/typescript/bin/tsc');

let project: Project;
beforeAll(() => {
  const tarballs = packAll(scratchPath('tarballs'));
  project = new Project('typescript', { type: 'module' });
  project.install(PACKAGES.map((name) => tarballs[name]));
});

/** Checks and compiles one file, strictly, our own declarations included. Returns what the compiler says. */
function compile(file: string, text: string): string {
  project.write(file, text);
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2022', 'ESNext.Disposable'],
    module: 'NodeNext',
    types: ['node'],
    typeRoots: [path.join(repository, 'node_modules/@types')],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    rootDir: '.',
    outDir: 'out',
  };
  project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }));
  return project.run(process.execPath, [tsc]).stdout;
}

describe.for(['containerv', 'containerv-linux'])('%s in a strict project', (name) => {
  const body = `
    await using container = await createContainer({ limits: { memory: '64M' }, hostname: 'typed' });
    const result = await container.run('uname', ['-n']);
    const text: string = result.stdout;
    const held: boolean | undefined = container.enforced.limits.memory;
    console.log(JSON.stringify({ text, seccomp: container.enforced.seccomp, held: typeof held }));`;

  test('type-checks `await using`, and the compiled program runs', () => {
    const said = compile(
      'use.mts',
      `import { createContainer } from '${name}';\n${body.replace("limits: { memory: '64M' }, ", '')}`,
    );
    expect(said).toBe('');
    const { stdout, stderr } = project.run(process.execPath, ['out/use.mjs']);
    expect([JSON.parse(stdout), stderr]).toEqual([{ text: 'typed\n', seccomp: true, held: 'boolean' }, '']);
  });

  test('type-checks from a CommonJS module too', () => {
    const source = `import { createContainer } from '${name}';\nexport async function main(): Promise<void> {${body}\n}`;
    expect(compile('use.cts', source)).toBe('');
  });

  test.for([
    ["createContainer({ hostnme: 'x' })", "'hostnme' does not exist"],
    ["createContainer({ policy: 'none' })", '\'"none"\' is not assignable'],
    ['createContainer({ limits: { memory: true } })', "'boolean' is not assignable"],
    ["(await createContainer()).run(['ls'])", "not assignable to parameter of type 'string'"],
  ] as const)('%s is a mistake that the compiler finds', ([call, complaint]) => {
    expect(compile('wrong.mts', `import { createContainer } from '${name}';\nawait ${call};`)).toContain(
      complaint,
    );
  });
});
