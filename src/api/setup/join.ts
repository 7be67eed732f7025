import { z } from "zod";
import { acceptInvitation } from "#governance/index.ts";
import { publicVerb } from "../trpc.ts";

/** Joins a workspace by an invitation's token; the client signs in with the e-mail address afterwards. */
export const join = publicVerb()
  .input(
    z.object({
      token: z.string().max(200),
      name: z.string().trim().min(1).max(100),
      password: z.string().max(200),
    }),
  )
  .mutation(({ ctx: { deps }, input }) => acceptInvitation(deps.db, input));
