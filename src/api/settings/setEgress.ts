import { z } from "zod";
import { mostPlaces, setEgress as set } from "#governance/index.ts";
import { verb } from "../trpc.ts";
import type { EgressView } from "../views.ts";

export const setEgress = verb("settings.manage")
  .input(
    z.object({
      only: z
        .array(z.string().max(300))
        .max(2 * mostPlaces)
        .nullable(),
    }),
  )
  .mutation(async ({ ctx: { deps, scope }, input }): Promise<EgressView> => {
    const { only } = await set(deps.db, scope, input);
    return { only: only === null ? null : [...only] };
  });
