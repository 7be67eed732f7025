import { z } from "zod";
import type { JsonObject } from "#base/index.ts";
import { decideApproval } from "#people/index.ts";
import { verb } from "../trpc.ts";
import type { ApprovalView } from "../views.ts";

/** Decides an approval or answers a form. An approval takes "approval.decide" on top; the policy asks for it. */
export const decide = verb("form.answer")
  .input(
    z.object({
      id: z.string().max(100),
      /** Of the text that was shown. */
      hash: z.string().max(100),
      decision: z.string().max(100),
      comment: z.string().max(5000).default(""),
      answer: z.record(z.string(), z.json()).nullish(),
    }),
  )
  .mutation(({ ctx: { deps, scope }, input }): Promise<ApprovalView> =>
    decideApproval(deps.db, scope, { ...input, answer: (input.answer ?? null) as JsonObject | null }),
  );
