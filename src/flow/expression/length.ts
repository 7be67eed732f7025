import { compileExpression } from "./compile.ts";

/** The length of time between two instants (epoch milliseconds), as expressions compare it with `duration('5m')`. */
export function lengthOfTime(from: number, to: number): unknown {
  return compileExpression("until - since").run({ since: new Date(from), until: new Date(to) });
}
