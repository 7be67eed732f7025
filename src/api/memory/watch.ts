import { tracked } from "@trpc/server";
import { z } from "zod";
import { watchEntries } from "#memory/index.ts";
import { createMailbox, whileAllowed } from "../live.ts";
import { verb } from "../trpc.ts";
import { memoryOf, subject } from "./shared.ts";

/** Tells that a memory changed, so that it is read again: once at the beginning, and whenever somebody wrote. */
export const watch = verb("workspace.see")
  .input(z.object({ subject, lastEventId: z.string().max(100).nullish() }).optional())
  .subscription(async function* ({ ctx, input, signal }) {
    const { deps, scope } = ctx;
    const mailbox = createMailbox<"changed">((word) => word);
    const stop = await watchEntries(memoryOf(deps), scope, input?.subject, () => mailbox.put("changed"));
    mailbox.put("changed");
    try {
      let count = 0;
      for await (const word of whileAllowed(ctx, "workspace.see", signal, (until) => mailbox.read(until))) {
        count += 1;
        yield tracked(`${Date.now()}-${count}`, word);
      }
    } finally {
      stop();
    }
  });
