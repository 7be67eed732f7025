import { z } from "zod";
import { hookAddress, type HookAddress } from "#triggers/index.ts";
import { startsOf } from "../run/starting.ts";
import { verb } from "../trpc.ts";

/** Where a webhook is called, and with what its calls are signed. */
export const address = verb("flow.edit")
  .input(z.object({ id: z.string().max(100) }))
  .query(async ({ ctx: { deps, scope }, input }): Promise<HookAddress & { url: string }> => {
    const found = await hookAddress({ db: deps.db, starts: startsOf(deps.db) }, scope, input.id);
    return { ...found, url: `${deps.url}${found.path}` };
  });
