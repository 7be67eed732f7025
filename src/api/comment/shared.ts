import { z } from "zod";
import { longestAnchor } from "#collab/index.ts";
import { longestComment } from "#people/index.ts";

/** What was written. Members are named as `<@id>`. */
export const body = z.string().min(1).max(longestComment);
export const id = z.string().min(1).max(100);

/** A place in a draft: relative positions of its document in base64, and the state vector of who saw it. */
export const place = {
  anchor: z.object({ start: z.base64().max(longestAnchor), end: z.base64().max(longestAnchor) }),
  stateVector: z.base64().max(1_000_000),
};

export function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}
