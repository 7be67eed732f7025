import { z } from "zod";
import type { FlowId } from "#base/index.ts";
import { publishWithTriggers } from "#triggers/index.ts";
import { knowledgeOf } from "../deps.ts";
import { verb } from "../trpc.ts";

/** Publishes a text as the next revision of a flow, or as a new flow. */
export const publish = verb("flow.edit")
  .input(
    z.object({
      text: z.string(),
      message: z.string().max(500).default(""),
      /** The flow that it is a revision of; left out: a new one. */
      flowId: z.string().max(100).optional(),
    }),
  )
  .mutation(async ({ ctx: { deps, scope }, input }) => {
    const into: FlowId | "new" = input.flowId === undefined ? "new" : (input.flowId as FlowId);
    const publication = { text: input.text, message: input.message, into };
    const { flowId, slug, number } = await publishWithTriggers(
      deps.db,
      scope,
      publication,
      await knowledgeOf(deps, scope),
    );
    return { flowId, slug, number };
  });
