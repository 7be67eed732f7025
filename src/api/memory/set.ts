import { z } from "zod";
import type { Json } from "#base/index.ts";
import { setEntry } from "#memory/index.ts";
import { verb } from "../trpc.ts";
import { entryType, memoryOf, name, subject, tags } from "./shared.ts";

const json = z.custom<Json>((value) => z.json().safeParse(value).success, "must be JSON");

/** Writes an entry. With `ifVersion`, only over the version that was looked at; 0 for a new one. */
export const set = verb("flow.edit")
  .input(
    z.object({
      subject,
      name,
      value: json,
      type: entryType.optional(),
      tags: tags.optional(),
      /** Epoch milliseconds; null for good. */
      expiresAt: z.number().nullable().optional(),
      ifVersion: z.int().min(0).optional(),
    }),
  )
  .mutation(({ ctx: { deps, scope }, input: { subject: of, name: entry, ...change } }) =>
    setEntry(memoryOf(deps), scope, of, entry, change),
  );
