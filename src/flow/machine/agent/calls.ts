import { isObject, type Json } from "#base/index.ts";
import { memoryGrantOf, memoryRefusal } from "../../language/memory.ts";
import type { Agent } from "../../language/definition.ts";
import type { RunActor, TaskPath, ToolCall } from "../events.ts";
import { checkPlain, errorList } from "../heads/call.ts";
import { beginCall } from "../heads/tool.ts";
import { effectKey } from "../paths.ts";
import type { EffectState } from "../state.ts";
import { askForCall, needsApproval, type PendingCall } from "../walk/asks.ts";
import { askAboutLost } from "../walk/lost.ts";
import { asTaskError } from "../walk/life.ts";
import type { Walk } from "../walk/walk.ts";
import { covers, grantedTools } from "./grants.ts";

type ToolEffect = Extract<EffectState, { kind: "tool" }>;

/** Carries on what a model asked for in one step. True when every call has come to an end. */
export function carryCalls(
  walk: Walk,
  agent: Agent,
  path: TaskPath,
  step: number,
  calls: readonly ToolCall[],
): boolean {
  let settled = true;
  for (const call of calls) {
    if (!effectOf(walk, path, step, call.callId)) startCall(walk, agent, path, step, call);
    const effect = effectOf(walk, path, step, call.callId);
    if (effect?.end?.name === "lost") askAboutLost(walk, path, effect);
    const end = effectOf(walk, path, step, call.callId)?.end ?? null;
    if (end === null || end.name === "lost") settled = false;
  }
  return settled;
}

function effectOf(walk: Walk, path: TaskPath, step: number, callId: string): ToolEffect | undefined {
  const found = walk
    .at(path)
    .effects.findLast((one) => one.kind === "tool" && one.step === step && one.callId === callId);
  return found?.kind === "tool" ? found : undefined;
}

/** Refuses a call, asks people, or begins it. */
function startCall(walk: Walk, agent: Agent, path: TaskPath, step: number, call: ToolCall): void {
  const { callId, tool } = call;
  const asked = walk
    .at(path)
    .approvals.findLast((one) => one.ask.kind === "tool" && one.step === step && one.callId === callId);
  if (asked && asked.end?.name !== "decided") return;
  const deny = (reason: string, by: Parameters<typeof denied>[3] = null): void =>
    denied(walk, path, { step, call }, by, reason);

  const checked = check(walk, agent, path, call);
  if (!checked.ok) return deny(checked.reason);
  const key = effectKey(walk.context.runId, path, walk.at(path).attempt, step, callId);
  const pending: PendingCall = {
    step,
    callId,
    key,
    facts: checked.facts,
    args: checked.args,
    agent: agent.name,
  };
  if (asked?.end?.name === "decided") {
    const { decision, by, comment } = asked.end;
    if (decision !== "approve") {
      const why = comment === "" ? "" : ` They said: ${comment}`;
      return deny(
        `${by?.name ?? "Nobody"} did not allow this call.${why} Do not try it again unchanged.`,
        by,
      );
    }
    if (asked.ask.call?.schemaHash !== checked.facts.schemaHash) {
      return deny(`${tool} changed since the call was approved, so nothing was done.`);
    }
    return beginCall(walk, path, { ...pending, args: asked.ask.call.args }, asked.ask.hash);
  }
  let mustAsk: boolean;
  try {
    mustAsk = needsApproval(walk, path, checked.facts, checked.args);
  } catch (error) {
    return deny(`Whether this call needs an approval could not be found out: ${asTaskError(error).message}`);
  }
  if (mustAsk) askForCall(walk, path, pending);
  else beginCall(walk, path, pending, null);
}

type Checked =
  | { ok: true; facts: PendingCall["facts"]; args: PendingCall["args"] }
  | { ok: false; reason: string };

function check(walk: Walk, agent: Agent, path: TaskPath, call: ToolCall): Checked {
  const { tools } = walk.context;
  const facts = tools.get(call.tool);
  const grants = agent.tools.filter((grant) => covers(grant.tool, call.tool));
  if (!facts || grants.length === 0) {
    const granted = grantedTools(agent, tools.names());
    const may = granted.length === 0 ? "You have no tools." : `Your tools are: ${granted.join(", ")}.`;
    const what = facts ? `You are not granted ${call.tool}.` : `There is no tool named "${call.tool}".`;
    return { ok: false, reason: `${what} ${may}` };
  }
  // As they are: what an agent writes never stands for a secret, and must not pass for one.
  const checked = checkPlain(facts.inputSchema, walk.open(call.args));
  if (!checked.ok) {
    return { ok: false, reason: `The arguments are not what ${call.tool} takes. ${errorList(checked)}` };
  }
  const refused = refusedMemory(walk, agent, call.tool, checked.value);
  if (refused !== undefined) return { ok: false, reason: refused };
  const allowed = grants.some((grant) => {
    if (grant.when === undefined) return true;
    try {
      return walk.holds(grant.when, path, { args: checked.value });
    } catch (error) {
      asTaskError(error);
      return false;
    }
  });
  if (allowed) return { ok: true, facts, args: checked.value };
  const rules = grants.map((grant) => grant.when).join(" or ");
  return { ok: false, reason: `You may call ${call.tool} only where ${rules}.` };
}

/** Tools of memory that name one key, and what each does with it. */
const memoryTools: Readonly<Record<string, "read" | "write">> = {
  "memory.get": "read",
  "memory.set": "write",
  "memory.append": "write",
  "memory.forget": "write",
};

/** Why an agent may not use the key of memory that it names. */
function refusedMemory(walk: Walk, agent: Agent, tool: string, args: Json): string | undefined {
  const may = Object.hasOwn(memoryTools, tool) ? memoryTools[tool] : undefined;
  if (may === undefined || Object.hasOwn(walk.flow.tools, tool)) return undefined;
  const key = isObject(args) ? args["key"] : undefined;
  return memoryRefusal(memoryGrantOf(walk.flow, agent.name), may, typeof key === "string" ? key : "");
}

function denied(
  walk: Walk,
  path: TaskPath,
  at: { step: number; call: ToolCall },
  by: RunActor | null,
  reason: string,
): void {
  const { callId, tool, args } = at.call;
  walk.emit({ type: "tool-call-denied", path, step: at.step, callId, tool, args, reason, by });
}
