import { randomBytes } from "node:crypto";
import { makeId, type Id } from "#base/index.ts";

/** A new id with the prefix, by this process' clock and randomness. Only its uniqueness is relied on. */
export function newId<P extends string>(prefix: P): Id<P> {
  return makeId(prefix, Date.now(), (count) => randomBytes(count));
}
