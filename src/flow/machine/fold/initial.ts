import type { Container, RunState } from "../state.ts";
import { noTotals } from "../totals.ts";
import { machineVersion } from "../version.ts";

export const emptyContainer: Container = {
  progress: {},
  open: [],
  iterations: { entered: 0, ended: 0, failed: 0 },
  firstFailed: null,
  broken: [],
  held: [],
};

/** A run before its first event. */
export function initial(): RunState {
  return {
    version: machineVersion,
    seq: 0,
    phase: { name: "created" },
    paused: null,
    forkedFrom: null,
    flowId: "",
    revisionId: "",
    inputs: {},
    vars: {},
    startedBy: null,
    simulated: false,
    startedAt: 0,
    lastAt: 0,
    tasks: {},
    order: [],
    timers: {},
    timersSet: 0,
    usage: noTotals,
    root: emptyContainer,
  };
}
