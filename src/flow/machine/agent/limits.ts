import type { Agent, AgentTask, Limits } from "../../language/definition.ts";
import { failed, type Outcome } from "../heads/head.ts";
import type { TaskState } from "../state.ts";
import { tokensOf } from "../totals.ts";
import type { Walk } from "../walk/walk.ts";

/** Model calls of a task where neither agent nor task sets a limit: every loop is bounded. */
export const defaultSteps = 50;

/** The tighter of agent's and task's limits. */
export function limitsOf(agent: Agent, task: AgentTask): Limits & { readonly steps: number } {
  const lower = (name: keyof Limits): number | undefined => {
    const a = agent.limits[name];
    const b = task.limits[name];
    return a === undefined ? b : b === undefined ? a : Math.min(a, b);
  };
  const tokens = lower("tokens");
  const cost = lower("cost");
  const time = lower("time");
  return {
    steps: lower("steps") ?? defaultSteps,
    ...(tokens === undefined ? {} : { tokens }),
    ...(cost === undefined ? {} : { cost }),
    ...(time === undefined ? {} : { time }),
  };
}

/** Which limit forbids the next model call, if one does. */
export function limitReached(
  walk: Walk,
  agent: Agent,
  limits: Limits,
  state: TaskState,
  step: number,
): Outcome | undefined {
  const { usage } = state;
  const who = `The agent "${agent.name}"`;
  if (limits.steps !== undefined && step > limits.steps) {
    return reached(`${who} used its limit of ${limits.steps} steps.`, "limits.steps");
  }
  if (limits.tokens !== undefined && tokensOf(usage) >= limits.tokens) {
    return reached(`${who} used ${tokensOf(usage)} tokens; its limit is ${limits.tokens}.`, "limits.tokens");
  }
  if (limits.cost !== undefined && usage.cost >= limits.cost) {
    return reached(`${who} cost ${money(usage.cost)}; its limit is ${limits.cost}.`, "limits.cost");
  }
  const { usage: total } = walk.draft.run;
  const { limits: run } = walk.flow;
  if (run.tokens !== undefined && tokensOf(total) >= run.tokens) {
    return reached(
      `The run used ${tokensOf(total)} tokens; its limit is ${run.tokens}.`,
      "limits.tokens of the flow",
    );
  }
  if (run.cost !== undefined && total.cost >= run.cost) {
    return reached(`The run cost ${money(total.cost)}; its limit is ${run.cost}.`, "limits.cost of the flow");
  }
  return undefined;
}

function money(amount: number): string {
  return String(Math.round(amount * 1e6) / 1e6);
}

export function reached(message: string, limit: string): Outcome {
  return failed("limit-reached", message, `Raise ${limit}, or give it less to do.`);
}
