import type { Json, JsonObject } from "#base/index.ts";
import { checkValue } from "../../values/check.ts";
import { errorList } from "../heads/call.ts";

export type Answer =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly problem: string };

/** Reads an agent's last words as the value that the task returns. */
export function readAnswer(text: string, schema: JsonObject): Answer {
  const found = findJson(text);
  if (found === undefined) return { ok: false, problem: "The answer is not JSON." };
  const checked = checkValue(schema, found.value);
  return checked.ok
    ? { ok: true, value: checked.value }
    : { ok: false, problem: `The answer is not of the expected shape. ${errorList(checked)}` };
}

/** The JSON in a text: all of it, what stands in a code fence, or the outermost braces. */
function findJson(text: string): { value: Json } | undefined {
  const trimmed = text.trim();
  const whole = parse(trimmed);
  if (whole) return whole;
  const fence = /```(?:json)?\s*\n([\s\S]*?)```/.exec(trimmed);
  const fenced = fence?.[1] === undefined ? undefined : parse(fence[1]);
  if (fenced) return fenced;
  const [start, end] = [trimmed.indexOf("{"), trimmed.lastIndexOf("}")];
  return start >= 0 && end > start ? parse(trimmed.slice(start, end + 1)) : undefined;
}

function parse(text: string): { value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}
