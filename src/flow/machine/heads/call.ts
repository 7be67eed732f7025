import { isBlobRef, isObject, type Json, type JsonObject } from "#base/index.ts";
import { checkValue } from "../../values/check.ts";
import type { TaskPath } from "../events.ts";
import type { EffectState } from "../state.ts";
import type { Walk } from "../walk/walk.ts";
import { askAboutLost } from "../walk/lost.ts";
import { done, failed, open, type Outcome } from "./head.ts";

/** How a task stands whose one effect is a tool call. `returns` is the schema of its result, if there is one. */
export function callOutcome(
  walk: Walk,
  path: TaskPath,
  effect: EffectState,
  returns: JsonObject | null,
): Outcome {
  if (effect.kind !== "tool" || effect.end === null) return open;
  switch (effect.end.name) {
    case "finished": {
      if (returns === null) return done(effect.end.result);
      const checked = checkValue(returns, walk.open(effect.end.result));
      if (checked.ok) return done(effect.end.result);
      return failed(
        "bad-input",
        `The result is not of the shape that the task returns: ${errorList(checked)}`,
      );
    }
    case "failed": {
      const { error, retryAfterMs } = effect.end;
      return { name: "failed", error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    }
    case "denied":
      return failed("rejected", effect.end.reason);
    case "lost": {
      askAboutLost(walk, path, effect);
      const known = walk.at(path).effects.at(-1);
      const answered = known?.kind === "tool" && known.end !== null && known.end.name !== "lost";
      return answered ? callOutcome(walk, path, known, returns) : open;
    }
  }
}

export function errorList(checked: {
  readonly errors: readonly { path: string; message: string }[];
}): string {
  return checked.errors
    .slice(0, 5)
    .map((error) => (error.path === "" ? error.message : `${error.path}: ${error.message}`))
    .join(" ");
}

type CheckedArguments =
  | { ok: true; value: Json }
  | { ok: false; errors: readonly { path: string; message: string }[] };

/**
 * Arguments as they are against a tool's schema, with defaults filled in. What looks like a reference to a large value
 * is refused: other arguments would be made of it than those that were checked and shown.
 */
export function checkPlain(schema: JsonObject, args: Json): CheckedArguments {
  return isBlobRef(args)
    ? { ok: false, errors: [{ path: "", message: "They refer to a value instead of holding it." }] }
    : checkValue(schema, args);
}

/**
 * Arguments against a tool's schema, with defaults filled in. Secrets are by name still and count as text; then the
 * arguments stay as they are.
 */
export function checkArguments(schema: JsonObject, args: Json): CheckedArguments {
  const { value, found } = maskSecrets(args);
  const checked = checkPlain(schema, value);
  return checked.ok && found ? { ok: true, value: args } : checked;
}

function maskSecrets(value: Json): { value: Json; found: boolean } {
  let found = false;
  const mask = (item: Json): Json => {
    if (item === null || typeof item !== "object") return item;
    if (Array.isArray(item)) return item.map((one: Json) => mask(one));
    if (isObject(item) && ("$secret" in item || "$template" in item)) {
      found = true;
      return "secret";
    }
    return Object.fromEntries(Object.entries(item).map(([key, one]) => [key, mask(one as Json)]));
  };
  const masked = mask(value);
  return { value: masked, found };
}
