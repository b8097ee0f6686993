import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the addon, init and serve-exec for this kind of machine are, or were to be. */
export interface NativeDirectory {
  readonly path: string;
  /** The package that brings them to machines of this kind where they are not built: `containerv-linux-x64-gnu`. */
  readonly package: string;
}

/** Built beside the driver, or else in the package for this processor and C library. */
export function findNativeDirectory(besides: string = import.meta.url): NativeDirectory {
  const target = `${process.arch}-${isGlibc() ? 'gnu' : 'musl'}`;
  const name = `containerv-linux-${target}`;
  const own = path.join(path.dirname(fileURLToPath(besides)), 'native', target);
  if (existsSync(own)) return { path: own, package: name };
  try {
    const manifest = createRequire(besides).resolve(`${name}/package.json`);
    return { path: path.join(path.dirname(manifest), 'native'), package: name };
  } catch {
    return { path: own, package: name };
  }
}

function isGlibc(): boolean {
  const report = process.report as { excludeNetwork?: boolean } & typeof process.report;
  // Otherwise the report resolves the names of every open connection.
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime !== undefined;
}
