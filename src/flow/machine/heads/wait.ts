import { BatonError, type Json } from "#base/index.ts";
import { parseDuration } from "../../values/duration.ts";
import { hasFired, hasTimer, setTimer } from "../walk/life.ts";
import { done, type Head, open } from "./head.ts";
import { valueIn } from "./question.ts";

/** Waits for a duration or until an instant. Its output is the instant, ISO 8601. */
export const wait: Head<"wait"> = {
  kind: "wait",
  start(walk, task, path) {
    const dueAt =
      "duration" in task.for
        ? walk.now + milliseconds(walk.fill(task.for.duration, path), task.id)
        : instant(walk.fill(task.for.until, path), task.id);
    return { label: new Date(dueAt).toISOString(), data: { dueAt } };
  },
  advance(walk, _task, path) {
    const state = walk.at(path);
    const dueAt = Number(valueIn(walk.open(state.data), "dueAt"));
    if (hasFired(state, "wait") || dueAt <= walk.now) return done(new Date(dueAt).toISOString());
    if (!hasTimer(walk, path, "wait")) setTimer(walk, path, "wait", dueAt);
    return open;
  },
};

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
