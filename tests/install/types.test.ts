import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { scratchPath } from '../support/scratch.js';
import { packAll, PACKAGES, repository } from './packages.js';
import { Project } from './project.js';

const ENTRIES = ['containerv', 'containerv-linux'] as const;

const USE = `
  await using container = await createContainer({ hostname: 'typed' });
  const result = await container.run('uname', ['-n']);
  const text: string = result.stdout;
  const held: boolean | undefined = container.enforced.limits.memory;
  console.log(JSON.stringify({ text, seccomp: container.enforced.seccomp, held: typeof held }));`;

/** One a line, so that the compiler's line numbers tell which it means. */
const MISTAKES = [
  ["createContainer({ hostnme: 'x' })", "'hostnme' does not exist"],
  ["createContainer({ policy: 'none' })", '\'"none"\' is not assignable'],
  ['createContainer({ limits: { memory: true } })', "'true' is not assignable"],
  ["(await createContainer()).run(['ls'])", "not assignable to parameter of type 'string'"],
  ['(await createContainer()).spwan()', "'spwan' does not exist"],
] as const;

function sources(name: (typeof ENTRIES)[number]): Record<string, string> {
  const line = `import { createContainer } from '${name}';`;
  return {
    [`${name}.mts`]: `${line}\n${USE}`,
    [`${name}.cts`]: `${line}\nexport async function main(): Promise<void> {${USE}\n}`,
    [`${name}-wrong.mts`]: [line, ...MISTAKES.map(([call]) => `await ${call};`)].join('\n'),
  };
}

const compilerOptions = {
  target: 'ES2022',
  lib: ['ES2022', 'ESNext.Disposable'],
  module: 'NodeNext',
  types: ['node'],
  typeRoots: [path.join(repository, 'node_modules/@types')],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  // Our declarations are checked as well.
  skipLibCheck: false,
  rootDir: '.',
  outDir: 'out',
};

let project: Project;
let complaints: readonly string[];
beforeAll(() => {
  const tarballs = packAll(scratchPath('tarballs'));
  project = new Project('typescript', { type: 'module' });
  project.install(PACKAGES.map((name) => tarballs[name]));
  const files = Object.assign({}, ...ENTRIES.map(sources)) as Record<string, string>;
  for (const [file, text] of Object.entries(files)) project.write(file, text);
  project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: Object.keys(files) }));
  const { stdout } = project.run(process.execPath, [
    path.join(repository, 'node_modules/typescript/bin/tsc'),
  ]);
  complaints = stdout.split('\n').filter((line) => /^\S/.test(line));
});

test('the compiler complains of nothing but the mistakes, least of all in our declarations', () => {
  expect(complaints.filter((line) => !/^containerv(-linux)?-wrong\.mts\(/.test(line))).toEqual([]);
  expect(complaints).toHaveLength(ENTRIES.length * MISTAKES.length);
});

describe.for(ENTRIES)('%s in a strict project', (name) => {
  test('takes `await using`, and the compiled program runs', () => {
    const { stdout, stderr } = project.run(process.execPath, [`out/${name}.mjs`]);
    expect([JSON.parse(stdout), stderr]).toEqual([{ text: 'typed\n', seccomp: true, held: 'boolean' }, '']);
  });

  test('so does the one from a CommonJS module', () => {
    const { stdout, stderr } = project.run(process.execPath, ['-e', `require('./out/${name}.cjs').main()`]);
    expect([JSON.parse(stdout), stderr]).toEqual([{ text: 'typed\n', seccomp: true, held: 'boolean' }, '']);
  });

  test.for(MISTAKES.map(([call, complaint], index) => [call, complaint, index + 2] as const))(
    '%s is a mistake that the compiler finds',
    ([, complaint, line]) => {
      const said = complaints.filter((each) => each.startsWith(`${name}-wrong.mts(${line},`));
      expect(said).toEqual([expect.stringContaining(complaint)]);
    },
  );
});
