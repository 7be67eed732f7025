/** How a task, call or node stands. Each has its own icon and word; colour is never the only signal. */
export type StateName =
  | "pending"
  | "running"
  | "waiting"
  | "timer"
  | "paused"
  | "retrying"
  | "done"
  | "failed"
  | "denied"
  | "skipped"
  | "cancelled"
  | "unreached";

/** The words of a state, for screen readers and badges. */
export const stateWords: Readonly<Record<StateName, string>> = {
  pending: "Not started",
  running: "Running",
  waiting: "Waiting for a person",
  timer: "Waiting",
  paused: "Paused",
  retrying: "Trying again",
  done: "Done",
  failed: "Failed",
  denied: "Denied",
  skipped: "Skipped",
  cancelled: "Cancelled",
  unreached: "Not reached",
};

/** How a node of the flow's graph stands in a run. */
export type NodeState = {
  readonly state: StateName;
  /** Iterations that began, for tasks inside loops. */
  readonly count: number;
  /** Those of them that are over. */
  readonly done: number;
  /** Whether what it holds is carried out by runs of its own, and so has no states here. */
  readonly isSpread: boolean;
  /** Since when it waits for a person; epoch milliseconds. */
  readonly waitingSince: number | null;
};
