import { z } from "zod";
import { providers } from "#governance/index.ts";
import { publicVerb } from "../trpc.ts";
import { createFirstWorkspace } from "./creating.ts";

/** The one-time setup; the client signs in with the e-mail address and password afterwards. */
export const create = publicVerb()
  .input(
    z.object({
      token: z.string().max(200),
      name: z.string().trim().min(1, "Say how you are called.").max(100),
      email: z.email("This is not an e-mail address.").max(200),
      password: z.string().max(200),
      workspace: z.string().trim().min(1, "Give the workspace a name.").max(100),
      provider: z
        .object({
          provider: z.enum(providers),
          key: z.string().max(2000).optional(),
          baseUrl: z.string().max(500).optional(),
          model: z.string().max(200).optional(),
        })
        .optional(),
    }),
  )
  .mutation(async ({ ctx: { deps }, input }) => {
    await createFirstWorkspace(deps, input);
    return { ok: true };
  });
