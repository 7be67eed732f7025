import { isObject, type Json } from "#base/index.ts";
import { exampleOf } from "../../values/example.ts";
import type { Ask, RunEventBody, TaskPath } from "../events.ts";
import { rememberTool, scriptTool } from "../names.ts";
import { staticPath } from "../paths.ts";
import type { Question } from "../walk/asks.ts";
import { RunStopped } from "../walk/stop.ts";
import type { Walk } from "../walk/walk.ts";
import { mockOf, mockRemembered, type MockedCall, sandboxActor } from "./sandbox.ts";

type Begun = Extract<RunEventBody, { type: "tool-call-begun" }>;

/**
 * Journals that a call begins: from here on it may happen. In a run that tries a flow out, a call that would change something ends at
 * once instead, with the answer given in its place.
 */
export function emitCall(walk: Walk, call: Omit<Begun, "type" | "mocked">): void {
  const mock = mockedCall(walk, call.tool, walk.open(call.args));
  walk.emit({ type: "tool-call-begun", ...call, ...(mock ? { mocked: mock.how } : {}) });
  if (!mock) return;
  const { path, step, callId, key } = call;
  if ("result" in mock) {
    walk.emit({ type: "tool-call-finished", path, step, callId, key, result: mock.result });
    return;
  }
  const hint = `Try it again and say what ${call.tool} answers.`;
  const error = { code: "bad-input", message: mock.problem, hint };
  walk.emit({ type: "tool-call-failed", path, step, callId, key, error, retryable: false });
}

function mockedCall(walk: Walk, tool: string, args: Json): MockedCall | undefined {
  const { sandbox } = walk.draft.run;
  // A script has no way out of its process.
  if (sandbox === undefined || tool === scriptTool) return undefined;
  if (tool === rememberTool) {
    const entries = isObject(args) && isObject(args["entries"]) ? args["entries"] : {};
    const result = mockRemembered(Object.keys(entries));
    return result === undefined ? undefined : { how: "example", result };
  }
  const facts = walk.context.tools.get(tool) ?? { outputSchema: null };
  return mockOf(sandbox, { tool, args, facts });
}

/** A question as a run that tries a flow out puts it: to the one who tries, and to nobody else. */
export function harmless(walk: Walk, question: Question): Question {
  const { sandbox, startedBy } = walk.draft.run;
  if (sandbox === undefined) return question;
  const { escalate: _nobody, ...rest } = question;
  const by = { roles: [], users: startedBy === null ? [] : [startedBy.id], quorum: 1, excludeStarter: false };
  return { ...rest, by, sandbox: true };
}

/** Gives a question its first answer, where the run that tries a flow out was told to. */
export function answerItself(walk: Walk, path: TaskPath, approvalId: string, ask: Ask): void {
  if (walk.draft.run.sandbox?.questions !== "answer" || ask.kind === "outcome-unknown") return;
  const failing =
    ask.kind === "escalation" ? ask.decisions.find((one) => one.decision === "fail") : undefined;
  const decision = (failing ?? ask.decisions[0])?.decision;
  if (decision === undefined) return;
  const takesFields = ask.fields !== null && (ask.answers?.includes(decision) ?? true);
  const answer = takesFields ? exampleOf(ask.fields ?? {}) : null;
  // What can't be made up is asked.
  if (answer === undefined || (answer !== null && !isObject(answer))) return;
  const comment = "Answered by itself, as chosen when the flow was tried out.";
  walk.emit({ type: "approval-decided", path, approvalId, decision, by: sandboxActor, comment, answer });
}

/** Skipping for these reasons is the end of a task; a branch that was not taken may be taken in the next round. */
const finalSkips: ReadonlySet<string> = new Set(["when", "disabled", "needs"]);

/** Ends the run with the task that it was to go on until. Throws {@link RunStopped} then. */
export function endAsAsked(walk: Walk, body: RunEventBody): void {
  const { sandbox, phase } = walk.draft.run;
  if (sandbox?.until === undefined || phase.name !== "running") return;
  const isEnd =
    body.type === "task-succeeded" ||
    body.type === "task-failed" ||
    (body.type === "task-skipped" && finalSkips.has(body.reason));
  if (!isEnd || staticPath(body.path) !== sandbox.until) return;
  const { path } = body;
  const failed = body.type === "task-failed" && !body.handled;
  const message = `Stopped after "${sandbox.until.split("/").at(-1) ?? ""}", as asked.`;
  walk.emit({
    type: "run-finishing",
    outcome: failed ? "failed" : "succeeded",
    error: failed ? body.error : null,
    stop: { path, message, outputs: {}, asAsked: true },
  });
  throw new RunStopped();
}
