import { BatonError, type Json, type JsonObject } from "#base/index.ts";
import { parseDuration } from "../../values/duration.ts";
import { sandboxActor } from "../sandbox/sandbox.ts";
import { hasFired, hasTimer, setTimer } from "../walk/life.ts";
import { effectKey } from "../paths.ts";
import type { Walk } from "../walk/walk.ts";
import { done, failed, type Head, open, type Outcome, type TaskOf } from "./head.ts";
import { textIn, valueIn } from "./question.ts";

/** Waits for a duration or until an instant: its output is the instant, ISO 8601. Or for an event: what it brings. */
export const wait: Head<"wait"> = {
  kind: "wait",
  ownTimeout: (task) => "event" in task.for,
  start(walk, task, path): { label: string; data: JsonObject } {
    if ("event" in task.for) {
      const { event, key } = task.for;
      const about = key === undefined ? "" : walk.text(key, path);
      return { label: about === "" ? event : `${event} ${about}`, data: { event, about } };
    }
    const dueAt =
      "duration" in task.for
        ? walk.now + milliseconds(walk.fill(task.for.duration, path), task.id)
        : instant(walk.fill(task.for.until, path), task.id);
    return { label: new Date(dueAt).toISOString(), data: { dueAt } };
  },
  advance(walk, task, path) {
    if ("event" in task.for) return eventOutcome(walk, task, path);
    const state = walk.at(path);
    const dueAt = Number(valueIn(walk.open(state.data), "dueAt"));
    if (walk.draft.run.sandbox) return done(new Date(dueAt).toISOString());
    if (hasFired(state, "wait") || dueAt <= walk.now) return done(new Date(dueAt).toISOString());
    if (!hasTimer(walk, path, "wait")) setTimer(walk, path, "wait", dueAt);
    return open;
  },
};

function eventOutcome(walk: Walk, task: TaskOf<"wait">, path: string): Outcome {
  const { data, awaited, attempt } = walk.at(path);
  if (!awaited) {
    const given = walk.open(data);
    const key = effectKey(walk.context.runId, path, attempt, 1, "event");
    const name = textIn(given, "event");
    walk.emit({ type: "event-awaited", path, key, name, about: textIn(given, "about") });
    const { sandbox } = walk.draft.run;
    if (sandbox) {
      // An event is for those who wait for it in earnest.
      const payload = sandbox.mocks[`event:${name}`] ?? null;
      walk.emit({ type: "event-received", path, key, payload, by: sandboxActor });
      return done(payload);
    }
    if (task.timeout !== undefined) setTimer(walk, path, "deadline", walk.now + task.timeout);
    return open;
  }
  if (awaited.received) return done(awaited.received.payload);
  if (!hasFired(walk.at(path), "deadline")) return open;
  if (task.onTimeout === "continue") return done(null);
  const about = awaited.about === "" ? "" : ` for ${awaited.about}`;
  return failed("deadline", `No event "${awaited.name}"${about} came before the deadline.`);
}

/** A length of time in milliseconds, from a duration or a number of them. */
export function milliseconds(value: Json, id: string): number {
  if (typeof value === "number" && value >= 0) return value;
  if (typeof value === "string") return parseDuration(value);
  throw new BatonError("bad-input", `"${id}" waits for a duration, but was given ${JSON.stringify(value)}.`);
}

function instant(value: Json, id: string): number {
  const at = typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e15) {
    throw new BatonError(
      "bad-input",
      `"${id}" waits until an instant, but was given ${JSON.stringify(value)}.`,
      {
        hint: "Write an instant such as 2030-01-31T09:00:00Z.",
      },
    );
  }
  return at;
}
