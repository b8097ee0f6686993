/** Which output `logs` gives. */
export interface LogOptions {
  /** The process that was started with `log`, by its id inside. @defaultValue the only one that there is */
  readonly pid?: number | undefined;
  /** Whether to wait for more until all who could write have ended. @defaultValue false */
  readonly follow?: boolean | undefined;
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined;
}
