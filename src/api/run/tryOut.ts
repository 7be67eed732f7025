import { z } from "zod";
import { BatonError, type FlowId, type Json } from "#base/index.ts";
import { checkValue, type Flow, type ToolFacts } from "#flow/index.ts";
import { definitionAt, localToolFacts } from "#flow/machine/index.ts";
import { authorize, flowPolicy, runPolicy } from "#governance/index.ts";
import { pinDraft, reviewedText } from "#library/index.ts";
import { sha256 } from "#platform/index.ts";
import { installationKnowledge, knowledgeOf } from "../deps.ts";
import { verb } from "../trpc.ts";
import { createRun, refuseReferences } from "./starting.ts";

/** Longest JSON text of all answers that are given in place of tools, in characters. */
const longestMocks = 20_000;

/**
 * Tries the draft of a flow out, exactly as whoever asks sees it: a run that leaves nothing behind. Takes the right to edit the draft
 * and the right to start runs. Fails with "bad-input" for a draft with errors (details: `Problem[]`), inputs or answers that do not
 * fit (details: `{ fields }`, answers as `mocks.NAME`), and "conflict" (details: the text) where the draft is another one by now.
 */
export const tryOut = verb("flow.edit")
  .input(
    z.object({
      flowId: z.string().max(100),
      hash: z.string().regex(/^[0-9a-f]{64}$/),
      /** The state vector of the document that was seen, in base64. */
      stateVector: z.base64().max(1_000_000),
      inputs: z.record(z.string(), z.json()).default({}),
      /** Where the task stands in the flow with whose end the run shall end. */
      until: z.string().max(2_000).optional(),
      /** What is answered in place of tools, by their names, and of events, by `event:NAME`. */
      mocks: z.record(z.string().max(200), z.json()).default({}),
      questions: z.enum(["ask", "answer"]).default("ask"),
    }),
  )
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    authorize(scope, flowPolicy.edit);
    authorize(scope, runPolicy.start);
    const { until, questions } = input;
    const flowId = input.flowId as FlowId;
    const mocks = input.mocks as Record<string, Json>;
    const stateVector = new Uint8Array(Buffer.from(input.stateVector, "base64"));
    const seen = { hash: input.hash, stateVector };
    const text = await reviewedText(deps.live, scope, flowId, seen, "try it");
    const revision = await pinDraft(deps.db, scope, { flow: flowId, text }, await knowledgeOf(deps, scope));
    refuseUnknownTask(revision.flow, until);
    refuseMocks(revision.flow, mocks);
    const { id, number } = await createRun(deps.db, scope, {
      revision,
      inputs: input.inputs as Record<string, Json>,
      sandbox: { mocks, questions, ...(until === undefined ? {} : { until }) },
    });
    return { id, number };
  });

function refuseUnknownTask(flow: Flow, until: string | undefined): void {
  if (until === undefined || definitionAt(flow, until) !== undefined) return;
  throw new BatonError("bad-input", `The draft has no task at "${until}".`, {
    hint: "Choose the task to run to again: it may have been moved or renamed.",
  });
}

/** Answers must be of tools that there are, and of the shape that the tools answer. */
function refuseMocks(flow: Flow, mocks: Readonly<Record<string, Json>>): void {
  const local = new Map(localToolFacts(flow, sha256).map((facts) => [facts.name, facts]));
  if (JSON.stringify(mocks).length > longestMocks) {
    throw new BatonError(
      "bad-input",
      `The answers given for tools are longer than ${longestMocks} characters.`,
      {
        hint: "Give shorter ones: they only have to have the shape that the flow goes on with.",
      },
    );
  }
  for (const [name, value] of Object.entries(mocks)) {
    refuseReferences(name, value);
    if (name.startsWith("event:")) continue;
    const facts: ToolFacts | undefined = local.get(name) ?? installationKnowledge.tools?.get(name);
    if (facts === undefined) throw wrongMock(name, `There is no tool named "${name}".`);
    if (facts.outputSchema === null) continue;
    const checked = checkValue(facts.outputSchema, value);
    if (checked.ok) continue;
    const [first] = checked.errors;
    const where = first === undefined || first.path === "" ? "" : `${first.path}: `;
    throw wrongMock(name, `${where}${first?.message ?? "It is not of the shape that the tool answers."}`);
  }
}

function wrongMock(name: string, message: string): BatonError {
  return new BatonError("bad-input", `The answer given for ${name} does not fit. ${message}`, {
    hint: "Correct it, or leave it out to have an example made.",
    details: { fields: { [`mocks.${name}`]: [message] } },
  });
}
