import { isObject } from "#base/index.ts";
import { batonError } from "../client/trpc.ts";

/** The errors of a form by field, as one text each. */
export function fieldErrors(error: unknown): Readonly<Record<string, string>> {
  if (error === null || error === undefined) return {};
  const details = batonError(error).details;
  const fields = isObject(details) ? details["fields"] : undefined;
  if (!isObject(fields)) return {};
  return Object.fromEntries(
    Object.entries(fields).map(([name, said]) => [name, Array.isArray(said) ? said.join(" ") : String(said)]),
  );
}

/** The same as lists, for forms that are drawn from a shape. */
export function fieldErrorLists(error: unknown): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(fieldErrors(error)).map(([name, text]) => [name, [text]]));
}
