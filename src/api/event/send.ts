import { z } from "zod";
import { BatonError, type Json } from "#base/index.ts";
import { sendEvent } from "./sending.ts";
import { verb } from "../trpc.ts";

/** Greatest payload, in characters of JSON. */
const largestPayload = 256_000;

/**
 * Sends an event to the runs that wait for one of that name and key. Answers how many got it; where none did, the event is
 * kept for an hour, for the first run that waits for it.
 */
export const send = verb("run.start")
  .input(
    z.object({
      name: z
        .string()
        .max(80)
        .regex(/^[A-Za-z][\w.-]*$/),
      key: z.string().max(500).default(""),
      payload: z.json().default(null),
    }),
  )
  .mutation(({ ctx: { deps, scope }, input }) => {
    const payload = input.payload as Json;
    if (JSON.stringify(payload).length > largestPayload) {
      throw new BatonError("bad-input", `The payload of an event has at most ${largestPayload} characters.`, {
        hint: "Send a reference to what is large, such as a file's address.",
      });
    }
    return sendEvent(deps.db, scope, { name: input.name, key: input.key, payload });
  });
