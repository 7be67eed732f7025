import { BatonError, makeId, type Json, type JsonObject } from "#base/index.ts";
import type { By } from "../../language/definition.ts";
import { canonicalJson } from "../../values/canonical.ts";
import type { ToolFacts } from "../contract.ts";
import type { Ask, TaskPath } from "../events.ts";
import { answerItself, harmless } from "../sandbox/answer.ts";
import { cut, type Walk } from "./walk.ts";

/** Who is asked when a rule names nobody: approvers. */
export const approvers: By = { roles: [], users: [], quorum: 1, excludeStarter: false };

/** An ask before it is frozen. */
export type Question = Omit<Ask, "canonical" | "hash">;

/** Characters of the sentence that a question is told by. */
const longestTitle = 10_000;
/** Characters of the sentence that says what a call does; its arguments are shown beside it. */
const longestCallTitle = 300;

/** Freezes a question: `bytesOf` answers what the decision will be bound to. */
export function freeze(walk: Walk, wished: Question, bytesOf: (question: Question) => Json): Ask {
  const question = harmless(walk, wished);
  if (question.title.length > longestTitle) {
    throw new BatonError(
      "limit-reached",
      `A question of ${question.title.length} characters is too long; ${longestTitle} are the most.`,
      { hint: "Ask in a sentence, and put the rest into details." },
    );
  }
  const canonical = canonicalJson(bytesOf(question));
  return { ...question, canonical, hash: walk.context.sha256(canonical) };
}

/** The bytes of a question that is not about a tool call. */
export function questionBytes(walk: Walk, path: TaskPath, question: Question): Json {
  return {
    ...question,
    by: { ...question.by },
    run: walk.context.runId,
    revision: walk.draft.run.revisionId,
    path,
    attempt: walk.at(path).attempt,
  } as unknown as Json;
}

export type PendingCall = {
  readonly step: number;
  readonly callId: string;
  readonly key: string;
  readonly facts: ToolFacts;
  readonly args: Json;
  readonly agent: string | null;
};

/** What an approval of a tool call is bound to. */
export function callBytes(walk: Walk, call: PendingCall): Json {
  return {
    tool: call.facts.name,
    args: call.args,
    schemaHash: call.facts.schemaHash,
    revision: walk.draft.run.revisionId,
    agent: call.agent,
    run: walk.context.runId,
    key: call.key,
  };
}

/** Whether a person has to approve the call first. A rule's condition that can't be evaluated counts as yes. */
export function needsApproval(walk: Walk, path: TaskPath, facts: ToolFacts, args: Json): boolean {
  if (!facts.approval) return facts.risk === "high";
  if (facts.approval.when === undefined) return true;
  return walk.holds(facts.approval.when, path, { args });
}

/** Asks people to approve a tool call. */
export function askForCall(walk: Walk, path: TaskPath, call: PendingCall): void {
  const { facts, args, agent } = call;
  const title = titleOfCall(walk, path, facts, args);
  const question: Question = {
    kind: "tool",
    title,
    by: facts.approval?.by ?? approvers,
    details: { description: facts.description },
    decisions: [
      { decision: "approve", label: title, tone: "primary" },
      { decision: "reject", label: refusal(title), tone: "plain" },
    ],
    fields: null,
    comment: "onReject",
    risk: facts.risk,
    call: { tool: facts.name, args, schemaHash: facts.schemaHash, agent },
  };
  const ask = freeze(walk, question, () => callBytes(walk, call));
  request(walk, path, ask, { step: call.step, callId: call.callId, deadline: null });
}

export function request(
  walk: Walk,
  path: TaskPath,
  ask: Ask,
  place: { step: number; callId: string | null; deadline: number | null },
): void {
  const approvalId = makeId("appr", walk.now, walk.context.random);
  walk.emit({ type: "approval-requested", path, approvalId, ...place, ask });
  answerItself(walk, path, approvalId, ask);
}

/** A sentence that says what the call does: the tool's own `title` with the arguments filled in, where it has one. */
function titleOfCall(walk: Walk, path: TaskPath, facts: ToolFacts, args: Json): string {
  const template = Object.hasOwn(walk.flow.tools, facts.name)
    ? walk.flow.tools[facts.name]?.title
    : undefined;
  if (template === undefined) return `Run ${facts.name}`;
  return cut(walk.text(template, path, { args }), longestCallTitle);
}

function refusal(title: string): string {
  return /^[A-Z][a-z]+ /.test(title) ? `Do not ${title.charAt(0).toLowerCase()}${title.slice(1)}` : "Reject";
}

export function schemaOf(shape: { readonly schema: JsonObject } | undefined): JsonObject | null {
  return shape && Object.keys(shape.schema["properties"] ?? {}).length > 0 ? shape.schema : null;
}
