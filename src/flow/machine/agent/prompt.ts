import type { Agent, AgentTask } from "../../language/definition.ts";
import { failed, type Outcome } from "../heads/head.ts";
import { textIn } from "../heads/question.ts";
import type { EffectState, TaskState } from "../state.ts";
import type { Walk } from "../walk/walk.ts";
import { tokensOfMessage, tokensOfSchema, tokensOfText, tokensOfTool, tokensSaved } from "./estimate.ts";
import { grantedTools } from "./grants.ts";

/** Of a model about which nothing is known: tokens that a conversation may have. */
export const usualContext = 128_000;
/** Room that is kept for an answer, in tokens; of small models a quarter. */
const roomForAnswer = 4_096;
/** When results are left out, so many that this share of the room is used: not one more at each step. */
const shareAfter = 0.75;

/** What a model is about to be asked: estimated tokens, and how many of the oldest results of tools are left out. */
export type Prompt = { readonly name: "prompt"; readonly tokens: number; readonly leftOut: number };

/**
 * Measures a conversation before it is sent. One that would not fit into the model loses the oldest results of tools,
 * but none of the last step; where that is not enough the task fails.
 */
export function measurePrompt(walk: Walk, agent: Agent, task: AgentTask, state: TaskState): Prompt | Outcome {
  const model = walk.context.models?.get(agent.model);
  const context = model?.contextTokens ?? usualContext;
  const room = context - Math.min(roomForAnswer, Math.floor(context / 4));
  const last = lastAnswer(state);
  const before = last?.leftOut ?? 0;
  const whole = knownTokens(state, last) ?? estimate(walk, agent, task, state, before);
  if (whole <= room) return { name: "prompt", tokens: whole, leftOut: before };

  const lastWords = state.messages.findLastIndex((message) => message.role === "assistant");
  const results = state.messages.slice(0, Math.max(0, lastWords)).filter((one) => one.role === "tool");
  let tokens = whole;
  let leftOut = before;
  while (tokens > room * shareAfter && leftOut < results.length) {
    const next = results[leftOut];
    tokens -= next === undefined ? 0 : tokensSaved(next);
    leftOut += 1;
  }
  if (tokens <= room) return { name: "prompt", tokens, leftOut };
  const named = model === undefined ? "The model" : `The model ${model.model}`;
  return failed(
    "too-large",
    `The conversation of the agent "${agent.name}" has about ${tokens} tokens. ${named} takes ${context}, its answer included.`,
    "Give it less at once: shorter prompts, narrower results of tools, or several tasks; or use a model that takes more.",
  );
}

type Answered = Extract<EffectState, { kind: "model" }>;

function lastAnswer(state: TaskState): Answered | undefined {
  return state.effects.findLast(
    (one): one is Answered => one.kind === "model" && one.end?.name === "finished",
  );
}

/** What the provider counted at the last step, and the estimate of what came since. */
function knownTokens(state: TaskState, last: Answered | undefined): number | undefined {
  if (last?.end?.name !== "finished") return undefined;
  const { inputTokens, outputTokens } = last.end.usage;
  if (inputTokens === undefined || outputTokens === undefined) return undefined;
  const at = state.messages.findLastIndex((message) => message.role === "assistant");
  return state.messages
    .slice(at + 1)
    .reduce((sum, message) => sum + tokensOfMessage(message), inputTokens + outputTokens);
}

function estimate(walk: Walk, agent: Agent, task: AgentTask, state: TaskState, leftOut: number): number {
  const instructions = tokensOfText(textIn(walk.open(state.data), "instructions"));
  const { tools } = walk.context;
  let total = instructions + (task.returns ? tokensOfSchema(task.returns.schema) + 60 : 0);
  for (const name of grantedTools(agent, tools.names())) {
    const facts = tools.get(name);
    if (facts) total += tokensOfTool(facts);
  }
  let left = leftOut;
  for (const message of state.messages) {
    total += tokensOfMessage(message);
    if (message.role !== "tool" || left === 0) continue;
    total -= tokensSaved(message);
    left -= 1;
  }
  return total;
}
