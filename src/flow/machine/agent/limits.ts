import type { Agent, AgentTask, Limits } from "../../language/definition.ts";
import type { Reservation } from "../events.ts";
import { failed, type Outcome } from "../heads/head.ts";
import { limitsOfRun, tighter } from "../limits.ts";
import type { TaskState } from "../state.ts";
import { reservedIn, stepsOf, tokensOf, type Reserved } from "../totals.ts";
import { openTasks } from "../walk/open.ts";
import type { Walk } from "../walk/walk.ts";
import type { Prompt } from "./prompt.ts";

/** Model calls of a task where neither agent nor task sets a limit: every loop is bounded. */
export const defaultSteps = 50;
/** Tokens that an answer may have at most where a limit of tokens or cost holds: what every model in use can write. */
export const longestAnswer = 8_192;
/** Fewer tokens than this are no answer, and providers refuse to be asked for them. */
export const shortestAnswer = 16;

/** The tighter of agent's and task's limits. */
export function limitsOf(agent: Agent, task: AgentTask): Limits & { readonly steps: number } {
  const both = tighter(agent.limits, task.limits);
  return { ...both, steps: both.steps ?? defaultSteps };
}

/** May the model be asked? With what is put aside for the call; not yet, as other calls hold what is left; or never. */
export type Room =
  | { readonly name: "go"; readonly reserved: Reservation | null }
  | { readonly name: "wait" }
  | Outcome;

/** What counts against one limit: settled, and put aside for calls that are under way. */
type Account = {
  readonly whose: string;
  readonly where: string;
  readonly limits: Limits;
  readonly tokens: number;
  readonly cost: number;
  readonly held: { readonly tokens: number; readonly cost: number };
};

/**
 * Puts aside what the next model call may use: the estimate of its prompt, and an answer as long as the limits leave
 * room for. What calls of other tasks hold is not given away twice; a call that would fit without them waits for them.
 */
export function makeRoom(
  walk: Walk,
  agent: Agent,
  limits: Limits,
  state: TaskState,
  step: number,
  prompt: Prompt,
): Room {
  const who = `The agent "${agent.name}"`;
  if (limits.steps !== undefined && step > limits.steps) {
    return reached(`${who} used its limit of ${limits.steps} steps.`, "limits.steps");
  }
  const ofRun = limitsOfRun(walk);
  const others = underWay(walk, ofRun);
  if (ofRun.steps !== undefined) {
    const made = stepsOf(walk.draft.run.usage);
    if (made >= ofRun.steps) {
      return reached(`The run used its limit of ${ofRun.steps} steps.`, "limits.steps of the flow");
    }
    if (made + others.steps >= ofRun.steps) return { name: "wait" };
  }
  const nothing = { tokens: 0, cost: 0 };
  const accounts: Account[] = [
    { whose: who, where: "", limits, ...spent(state.usage), held: nothing },
    { whose: "The run", where: " of the flow", limits: ofRun, ...spent(walk.draft.run.usage), held: others },
  ].filter((one) => one.limits.tokens !== undefined || one.limits.cost !== undefined);
  if (accounts.length === 0) return { name: "go", reserved: null };

  const price = walk.context.models?.get(agent.model)?.price ?? null;
  let answer = longestAnswer;
  for (const account of accounts) {
    const most = longestWithin(account, agent, prompt.tokens, price);
    if (typeof most !== "number") return most;
    answer = Math.min(answer, most);
  }
  const cost = price === null ? null : prompt.tokens * price.input + answer * price.output;
  for (const { limits: own, tokens, cost: paid, held } of accounts) {
    if (own.tokens !== undefined && tokens + held.tokens + prompt.tokens + answer > own.tokens)
      return { name: "wait" };
    if (own.cost !== undefined && cost !== null && paid + held.cost + cost > own.cost * roundingSlack) {
      return { name: "wait" };
    }
  }
  return { name: "go", reserved: { inputTokens: prompt.tokens, outputTokens: answer, cost } };
}

/** Sums of money are sums of fractions: what differs in the last digits is the same. */
const roundingSlack = 1 + 1e-9;

/** Tokens of the longest answer that a limit allows when no other call is under way; an outcome where it allows none. */
function longestWithin(
  { whose, where, limits, tokens, cost }: Account,
  agent: Agent,
  prompt: number,
  price: { readonly input: number; readonly output: number } | null,
): number | Outcome {
  let most = longestAnswer;
  if (limits.tokens !== undefined) {
    most = Math.min(most, limits.tokens - tokens - prompt);
    if (most < shortestAnswer) {
      const message = `${whose} used ${tokens} tokens; its limit is ${limits.tokens}, and the next step takes about ${prompt + shortestAnswer}.`;
      return reached(message, `limits.tokens${where}`);
    }
  }
  if (limits.cost !== undefined) {
    if (price === null) {
      return failed(
        "misconfigured",
        `limits.cost${where} can't be kept: no price is known for the model behind "${agent.model}".`,
        "An admin can give the alias a price under Settings, Models; or limit tokens instead.",
      );
    }
    const left = limits.cost - cost - prompt * price.input;
    const least = shortestAnswer * price.output;
    if (left < least - limits.cost * 1e-9 || (cost >= limits.cost && price.input + price.output > 0)) {
      const message = `${whose} cost ${money(cost)}; its limit is ${limits.cost}, and the next step costs about ${money(prompt * price.input + least)}.`;
      return reached(message, `limits.cost${where}`);
    }
    if (price.output > 0) {
      most = Math.min(most, Math.max(shortestAnswer, Math.floor((left * roundingSlack) / price.output)));
    }
  }
  return most;
}

function spent(usage: TaskState["usage"]): { tokens: number; cost: number } {
  return { tokens: tokensOf(usage), cost: usage.cost };
}

/** What calls under way hold. Looked up only where a limit of the run asks for it. */
function underWay(walk: Walk, limits: Limits): Reserved {
  if (limits.steps === undefined && limits.tokens === undefined && limits.cost === undefined) {
    return { steps: 0, tasks: 0, tokens: 0, cost: 0 };
  }
  return reservedIn(openTasks(walk.draft));
}

function money(amount: number): string {
  return String(Math.round(amount * 1e6) / 1e6);
}

export function reached(message: string, limit: string): Outcome {
  return failed("limit-reached", message, `Raise ${limit}, or give it less to do.`);
}
