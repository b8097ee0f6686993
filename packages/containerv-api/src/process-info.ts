/**
 * A process of a container. `name`, `command` and `user` are chosen by what runs inside: they may hold anything,
 * control sequences for terminals included.
 */
export interface ProcessInfo {
  /** Its id inside the container. */
  readonly pid: number;
  /** Its parent's id inside the container; 0: the parent is outside. */
  readonly ppid: number;
  /** By the container's own `/etc/passwd`, or the id as text; `null` where the host cannot tell. */
  readonly user: string | null;
  /** What the kernel calls it, at most 15 bytes. */
  readonly name: string;
  /** Its arguments, joined by spaces; its name in brackets when it has none. */
  readonly command: string;
  /** Memory that it has in use, what it shares with others included. */
  readonly memoryBytes: number | null;
  /**
   * Processor time since this object last listed it, as a share of one processor; the first time, over the life of the
   * process.
   */
  readonly cpuPercent: number | null;
  readonly startedAt: Date | null;
}
