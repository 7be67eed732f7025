import { BatonError, isObject, type JsonObject, type RunId } from "#base/index.ts";
import { limitsLeft, type ChildFacts, type ParentLink, type Sandbox } from "#flow/machine/index.ts";
import type { NewRun } from "#journal/index.ts";
import type { Step } from "./step.ts";

/** Tries to start a run, and the milliseconds between them: longer than a database takes to come back. */
const tries = 60;
const pauseMs = 500;

/**
 * A start without an answer may have been carried out. That it failed must not be told then: the task would be tried
 * again with another run beside the first. The id is known, so that the same start is asked for until there is an answer.
 */
async function answered<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      // What Baton says of it is an answer; anything else comes from our own side.
      if (BatonError.isInstance(error) || attempt >= tries || signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, attempt === 1 ? 0 : pauseMs));
    }
  }
}

/** Starts a run that a task asked for. The run's id is journaled, so that it is started once however often this is done. */
export const childStart: Step<"child-start"> = async (obligation, context) => {
  const { options, run, workspace, state, blobs } = context;
  const { key, path, request } = obligation;
  const child = obligation.run as RunId;
  const by = state.startedBy;
  if (by === null) throw new BatonError("internal", "A run that has not begun starts no other.");
  const parent: ParentLink = {
    run,
    path,
    key,
    waits: request.waits,
    depth: (state.parent?.depth ?? 0) + 1,
    internal: request.part !== null,
  };
  // What a run does that is not waited for is its own affair.
  const limits = request.waits
    ? (request.limits ?? limitsLeft(state, context.flow, options.journal.now()))
    : {};
  // What is only tried out starts nothing in earnest. How far it goes is its own affair.
  const { until: _own, ...sandbox } = state.sandbox ?? {};
  const kind = state.sandbox ? { sandbox: sandbox as Sandbox } : {};
  if (request.part === null) {
    if (!options.runs) {
      throw new BatonError("misconfigured", "Runs of other flows can't be started here.", {
        hint: "Start the flow on a server: it knows the workspace's flows.",
      });
    }
    const given = await blobs.open(request.with);
    const { flow, revision } = request;
    const inputs: JsonObject = isObject(given) ? given : {};
    const { simulated } = state;
    const { runs } = options;
    const wish = { workspace, run: child, flow, revision, inputs, by, simulated, parent, limits, ...kind };
    const facts = await answered(context.signal, () => runs.start(wish));
    return { kind: "child-started", key, ...facts };
  }
  const { flowId, revisionId, simulated } = state;
  // Large values of the parent's journal stay the references that they are: both are of one workspace.
  const { inputs, vars, labels } = state;
  const part: NewRun = {
    id: child,
    workspace,
    flow: flowId,
    revision: revisionId,
    start: {
      type: "run-started",
      flowId,
      revisionId,
      inputs,
      vars,
      ...(labels === undefined ? {} : { labels }),
      by,
      simulated,
      parent,
      limits,
      ...kind,
      part: request.part,
    },
  };
  await answered(context.signal, () => options.journal.create(part));
  const { title, id } = context.flow;
  const facts: ChildFacts = { number: 0, flow: id, title: title ?? id, revision: 0 };
  return { kind: "child-started", key, ...facts };
};
