import type { Flow } from "#flow/index.ts";
import { limitsIn, stepsOf, tasksOf, tokensOf, type RunState } from "#flow/machine/index.ts";
import { count, costOf, money, span, spanInWords } from "./format.ts";

/** One limit and how much of it is used. */
export type Meter = {
  readonly name: "Cost" | "Tokens" | "Time" | "Steps" | "Tasks";
  readonly used: string;
  /** Text of the limit, or null when the flow sets none. */
  readonly limit: string | null;
  /** 0 to 1, or null without a limit. */
  readonly share: number | null;
  /** Something that must be said of the figure. */
  readonly note: string;
};

/** Cost, tokens and time of a run against its limits, and its steps and tasks where these have one. */
export function metersOf(
  state: RunState,
  flow: Flow | null,
  currency: string,
  now: number,
): readonly Meter[] {
  const limits = flow ? limitsIn(state, flow) : {};
  const { cost, partly } = costOf(state.usage);
  const amount = typeof cost === "number" ? cost : 0;
  const tokens = tokensOf(state.usage);
  const end = state.phase.name === "finished" ? state.phase.at : Math.max(now, state.lastAt);
  const time = state.startedAt === 0 ? 0 : end - state.startedAt;
  const calls = state.usage.unknownCosts;
  return [
    {
      name: "Cost",
      used: cost === "unknown" ? "unknown" : money(amount),
      limit: limits.cost === undefined ? null : `${limits.cost.toFixed(2)} ${currency}`,
      share: share(amount, limits.cost),
      note:
        cost === "unknown"
          ? "No price is known for this model"
          : partly
            ? `The price of ${calls} more ${calls === 1 ? "call" : "calls"} is unknown`
            : "",
    },
    {
      name: "Tokens",
      used: count(tokens),
      limit: limits.tokens === undefined ? null : count(limits.tokens),
      share: share(tokens, limits.tokens),
      note: "",
    },
    {
      name: "Time",
      used: span(time, state.phase.name !== "finished"),
      limit: limits.time === undefined ? null : spanInWords(limits.time),
      share: share(time, limits.time),
      note: "",
    },
    ...counted("Steps", stepsOf(state.usage), limits.steps),
    ...counted("Tasks", tasksOf(state, state.order.length), limits.tasks),
  ];
}

function counted(name: "Steps" | "Tasks", used: number, limit: number | undefined): readonly Meter[] {
  if (limit === undefined) return [];
  return [{ name, used: count(used), limit: count(limit), share: share(used, limit), note: "" }];
}

function share(used: number, limit: number | undefined): number | null {
  return limit === undefined || limit <= 0 ? null : Math.min(1, used / limit);
}
