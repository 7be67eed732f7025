import { z } from "zod";
import { authorize, flowPolicy } from "#governance/index.ts";
import { checkFlow } from "#library/index.ts";
import { knowledgeOf } from "../deps.ts";
import { verb } from "../trpc.ts";

/** Checks a text as publishing would, without keeping anything. */
export const check = verb("workspace.see")
  .input(z.object({ text: z.string() }))
  .query(async ({ ctx: { deps, scope }, input }) => {
    authorize(scope, flowPolicy.check);
    return checkFlow(input.text, await knowledgeOf(deps, scope));
  });
