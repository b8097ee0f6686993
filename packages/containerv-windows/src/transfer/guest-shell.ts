/** Runs scripts in a container, beside whom the staging directory is seen. */
export interface GuestShell {
  readonly os: 'windows' | 'linux';
  /** Where the container sees the staging directory: `C:\chef\staging`, `/chef/staging`. */
  readonly stagingPath: string;
  /** Runs one of its shell's scripts to its end, as root or administrator. @throws when it cannot be started */
  run(script: Script, signal: AbortSignal | undefined): Promise<ShellOutput>;
}

export interface Script {
  readonly text: string;
  /** What the text names instead of spelling it out. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface ShellOutput {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly exitCode: number | null;
}

/** One thing that a script does to files of the container. */
export type GuestStep =
  | { readonly kind: 'directory'; readonly to: string }
  /** From the staging directory to the container. */
  | { readonly kind: 'put'; readonly staged: string; readonly to: string; readonly executable: boolean }
  | { readonly kind: 'link'; readonly target: string; readonly to: string }
  /** From the container to the staging directory. */
  | { readonly kind: 'take'; readonly from: string; readonly staged: string; readonly follow: boolean };

/** What became of the step of this index: no reason, or why it failed. */
export interface StepResult {
  readonly index: number;
  readonly failure: string | undefined;
}

/** Something that a script found below a path. */
export type GuestEntry =
  | { readonly kind: 'directory' | 'file'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'failure'; readonly path: string; readonly reason: string };

/** The language of a container's shell. Paths of entries are relative, with `/`; `''` is the path that was asked for. */
export interface ShellDialect {
  /** As much of paths as one script takes, in characters. */
  readonly maxCharacters: number;
  steps(steps: readonly GuestStep[], stagingPath: string): Script;
  parseSteps(stdout: Buffer): StepResult[];
  list(from: string, follow: boolean): Script;
  parseList(stdout: Buffer, from: string): GuestEntry[];
}
