import { BatonError, type JsonObject } from "#base/index.ts";
import type { RunEventBody, RunEventType } from "./events.ts";

/** Brings an event of an older shape to the next one. Pure; it is given what was written and may rely on nothing else. */
export type Upcaster = (body: JsonObject) => JsonObject;

/**
 * By type of event, how those that were written before a version get the shape that they have from it on, oldest step
 * first. Whoever changes the shape or the meaning of an event adds a step here and raises {@link eventVersion}; so a
 * journal is read whatever wrote it, and never rewritten.
 */
export type Upcasters = {
  readonly [T in RunEventType | (string & {})]?: readonly {
    readonly version: number;
    readonly up: Upcaster;
  }[];
};

/** The version that events are written in. */
export const eventVersion = 1;

export const upcasters: Upcasters = {};

/**
 * An event as it is understood today. `version` is the one that it was written in. Throws "conflict" for one of a later
 * version: whoever reads it must be brought up to date first.
 */
export function upcast(
  body: JsonObject,
  version: number,
  table: Upcasters = upcasters,
  current = eventVersion,
): RunEventBody {
  if (version > current) {
    throw new BatonError(
      "conflict",
      `An event of version ${version} can't be read: ${current} is the latest known.`,
      {
        hint: "The run was written by a newer Baton. Bring this one up to date.",
      },
    );
  }
  let told = body;
  if (version < current) {
    for (const step of table[String(body["type"])] ?? []) if (version < step.version) told = step.up(told);
  }
  return told as unknown as RunEventBody;
}
