import { BatonError, isObject, type Json } from "#base/index.ts";
import type { Agent, AgentTask } from "../../language/definition.ts";
import { readAnswer, type Answer } from "../agent/answer.ts";
import { carryCalls } from "../agent/calls.ts";
import { limitsOf, longestAnswer, makeRoom, reached } from "../agent/limits.ts";
import { carryModelFailure } from "../agent/model-retry.ts";
import { measurePrompt } from "../agent/prompt.ts";
import type { TaskError, TaskPath } from "../events.ts";
import { effectKey } from "../paths.ts";
import type { EffectState } from "../state.ts";
import { hasFired, setTimer } from "../walk/life.ts";
import { asText, type Walk } from "../walk/walk.ts";
import { done, failed, type Head, open, type Outcome } from "./head.ts";
import { textIn } from "./question.ts";

type ModelEffect = Extract<EffectState, { kind: "model" }>;

/** How often an agent is asked again for an answer of the right shape. */
export const mostCorrections = 3;
/** Steps in a row in which every call was refused, after which the agent is stopped. */
export const mostRefusals = 5;

/** One agent works on a prompt with its tools. Its output is its last text, or the value that `returns` describes. */
export const agent: Head<"agent"> = {
  kind: "agent",
  start(walk, task, path) {
    const who = agentOf(walk, task);
    return {
      label: who.title ?? who.name,
      data: {
        instructions: walk.text(who.instructions, path),
        prompt: walk.text(task.prompt, path),
        files: task.files.map((file) => walk.fill(file, path)).filter((file) => file !== null),
        context: task.context === undefined ? "" : asText(walk.fill(task.context, path)),
      },
    };
  },
  advance(walk, task, path) {
    const who = agentOf(walk, task);
    const limits = limitsOf(who, task);
    for (;;) {
      const state = walk.at(path);
      if (limits.time !== undefined && hasFired(state, "limit")) {
        return reached(`The agent "${who.name}" used its ${limits.time / 1000} s.`, "limits.time");
      }
      const last = state.effects.findLast((one): one is ModelEffect => one.kind === "model");
      if (!last) {
        // The prompt stands already where the first call had to wait for its turn.
        if (state.messages.length === 0) {
          addPrompt(walk, path);
          if (limits.time !== undefined) setTimer(walk, path, "limit", walk.now + limits.time);
        }
        return beginModel(walk, who, task, path, 1);
      }
      if (last.end === null) return open;
      if (last.end.name === "failed") {
        const outcome = carryModelFailure(walk, path, last.step, last.end);
        return outcome ?? beginModel(walk, who, task, path, last.step);
      }
      const { toolCalls, text } = last.end;
      if (toolCalls.length > 0) {
        const settled = carryCalls(walk, who, path, last.step, toolCalls);
        const givenUp = errorOfGivenUp(walk, path, last.step);
        if (givenUp) return { name: "failed", error: givenUp };
        if (!settled) return open;
        if (refusalsInARow(walk, path) >= mostRefusals) {
          return failed(
            "model-output",
            `The agent "${who.name}" asked for calls that were refused ${mostRefusals} times in a row.`,
            "See the reasons in its steps; grant the tools that it needs or say in its instructions what to use.",
          );
        }
        return beginModel(walk, who, task, path, last.step + 1);
      }
      if (isCutOff(last)) {
        const tokens = last.reserved?.outputTokens ?? 0;
        const message = `The answer of the agent "${who.name}" was cut off at ${tokens} tokens, which its limits left.`;
        return reached(message, "limits.tokens or limits.cost");
      }
      // What was asked after the last words waits for its turn.
      if (state.messages.at(-1)?.role === "user") return beginModel(walk, who, task, path, last.step + 1);
      const outcome = readLastWords(walk, who, task, path, walk.openText(text), last.end);
      return outcome ?? beginModel(walk, who, task, path, last.step + 1);
    }
  },
};

function agentOf(walk: Walk, task: AgentTask): Agent {
  const who = Object.hasOwn(walk.flow.agents, task.agent) ? walk.flow.agents[task.agent] : undefined;
  if (!who) throw new BatonError("misconfigured", `The flow has no agent "${task.agent}".`);
  return who;
}

function addPrompt(walk: Walk, path: TaskPath): void {
  const data = walk.open(walk.at(path).data);
  const context = textIn(data, "context");
  const prompt = textIn(data, "prompt");
  const text = context === "" ? prompt : `${prompt}\n\nContext:\n${context}`;
  const files = isObject(data) && Array.isArray(data["files"]) ? (data["files"] as Json[]).flat() : [];
  walk.emit({
    type: "agent-message-added",
    path,
    message: { role: "user", text, ...(files.length > 0 ? { files } : {}) },
  });
}

function beginModel(walk: Walk, who: Agent, task: AgentTask, path: TaskPath, step: number): Outcome {
  const state = walk.at(path);
  const prompt = measurePrompt(walk, who, task, state);
  if (prompt.name !== "prompt") return prompt;
  const room = makeRoom(walk, who, limitsOf(who, task), state, step, prompt);
  if (room.name === "wait") return open;
  if (room.name !== "go") return room;
  const tries = state.effects.filter((one) => one.kind === "model" && one.step === step).length;
  walk.emit({
    type: "model-call-begun",
    path,
    attempt: state.attempt,
    step,
    key: effectKey(walk.context.runId, path, state.attempt, step, `m${tries + 1}`),
    agent: who.name,
    alias: who.model,
    ...(room.reserved === null ? {} : { reserved: room.reserved }),
    ...(prompt.leftOut === 0 ? {} : { leftOut: prompt.leftOut }),
  });
  return open;
}

/** Whether an answer ended where the limits ended it, short of what answers may have otherwise. */
function isCutOff({ end, reserved }: ModelEffect): boolean {
  return (
    end?.name === "finished" &&
    end.finishReason === "length" &&
    reserved !== undefined &&
    reserved.outputTokens < longestAnswer
  );
}

/** The task's outcome by the agent's last text; undefined when the agent was asked again. */
function readLastWords(
  walk: Walk,
  who: Agent,
  task: AgentTask,
  path: TaskPath,
  text: string,
  { finishReason, model, usage }: Extract<ModelEffect["end"], { name: "finished" }>,
): Outcome | undefined {
  const isCut = finishReason === "length";
  const answer: Answer = isCut
    ? { ok: false, problem: "Your answer was cut off at the greatest length that you may write." }
    : task.returns
      ? readAnswer(text, task.returns.schema)
      : text.trim() === ""
        ? { ok: false as const, problem: "The answer is empty." }
        : { ok: true as const, value: text };
  if (answer.ok) return done(answer.value);
  const corrections = walk.at(path).messages.filter((one) => one.role === "user").length - 1;
  if (isCut && corrections >= mostCorrections) {
    const tokens = usage.outputTokens === undefined ? "" : ` of ${usage.outputTokens} tokens`;
    return failed(
      "limit-reached",
      `The model ${model} reached its limit of output${tokens} before the answer of the agent "${who.name}" was complete, ${corrections + 1} times.`,
      "Ask for a shorter answer, split the task, or use a model that may write more.",
    );
  }
  if (corrections >= mostCorrections) {
    return failed(
      "model-output",
      `The agent "${who.name}" gave no usable answer in ${corrections + 1} tries. ${answer.problem}`,
      "A stronger model, or fewer and simpler fields in returns, often solves this.",
    );
  }
  const shorter = isCut ? " Give the whole answer again, in fewer words." : "";
  const wanted = task.returns ? " Answer with one JSON value of the expected shape and nothing else." : "";
  walk.emit({
    type: "agent-message-added",
    path,
    message: { role: "user", text: `${answer.problem}${shorter}${wanted}` },
  });
  return undefined;
}

/** The error of a lost call after which a person chose to fail the task. */
function errorOfGivenUp(walk: Walk, path: TaskPath, step: number): TaskError | undefined {
  for (const { kind, step: at, end } of walk.at(path).effects) {
    if (kind !== "tool" || at !== step || end?.name !== "failed") continue;
    if (end.error.code === "outcome-unknown") return end.error;
  }
  return undefined;
}

function refusalsInARow(walk: Walk, path: TaskPath): number {
  let count = 0;
  let step = -1;
  for (const effect of walk.at(path).effects.toReversed()) {
    if (effect.kind !== "tool") continue;
    if (effect.end?.name !== "denied") return count;
    if (effect.step !== step) count += 1;
    step = effect.step;
  }
  return count;
}
