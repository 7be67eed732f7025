import { z } from "zod";
import type { FlowId } from "#base/index.ts";
import { reviewedText } from "#library/index.ts";
import { publishWithTriggers } from "#triggers/index.ts";
import { knowledgeOf } from "../deps.ts";
import { verb } from "../trpc.ts";

/**
 * Publishes the draft as it was reviewed, or nothing: "conflict", with the draft's text in the details, where it has
 * another one.
 */
export const publishDraft = verb("flow.edit")
  .input(
    z.object({
      flowId: z.string().max(100),
      message: z.string().max(500).default(""),
      hash: z.string().regex(/^[0-9a-f]{64}$/),
      /** The state vector of the reviewed document, in base64. */
      stateVector: z.base64().max(1_000_000),
    }),
  )
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    const into = input.flowId as FlowId;
    const stateVector = new Uint8Array(Buffer.from(input.stateVector, "base64"));
    const text = await reviewedText(deps.live, scope, into, { hash: input.hash, stateVector });
    const { flowId, slug, number } = await publishWithTriggers(
      deps.db,
      scope,
      { text, message: input.message, into },
      await knowledgeOf(deps, scope),
    );
    return { flowId, slug, number };
  });
