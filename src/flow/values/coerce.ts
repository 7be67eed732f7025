import { closest } from "fastest-levenshtein";
import { isFileRef, type Json, type JsonObject } from "#base/index.ts";
import type { Field, Shape } from "../language/definition.ts";
import { checkValue } from "./check.ts";

export type Coerced =
  | { readonly ok: true; readonly value: JsonObject }
  /** By field name; "" for what belongs to none. */
  | { readonly ok: false; readonly errors: Readonly<Record<string, string>> };

/**
 * Turns what a form or a command line gives (texts, mostly) into values of the shape, fills in defaults and checks
 * them. An empty text in an optional field counts as left out.
 */
export function coerceInputs(shape: Shape, raw: Readonly<Record<string, unknown>>): Coerced {
  const errors: Record<string, string> = {};
  const value: Record<string, Json> = {};
  const names = shape.fields.map((field) => field.name);
  for (const [name, given] of Object.entries(raw)) {
    const field = shape.fields.find((one) => one.name === name);
    if (!field) {
      if (shape.schema["additionalProperties"] === false) {
        const near = names.length > 0 ? ` Did you mean "${closest(name, names)}"?` : "";
        errors[name] = `There is no input "${name}".${near}`;
      } else value[name] = given as Json;
      continue;
    }
    const read = readGiven(field, given);
    if (read.error !== undefined) errors[name] = read.error;
    else if (read.value !== undefined) value[name] = read.value;
  }
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  for (const field of shape.fields) {
    const own = value[field.name];
    const missing = own === undefined && field.default === undefined && !field.optional;
    if (missing) errors[field.name] = `"${field.title ?? field.name}" is required.`;
    const problem = own === undefined ? undefined : fileProblem(field, own);
    if (problem) errors[field.name] = problem;
  }
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  const checked = checkValue(shape.schema, value);
  if (checked.ok) return { ok: true, value: checked.value as JsonObject };
  for (const error of checked.errors) {
    const name = /^[^.[]*/.exec(error.path)?.[0] ?? "";
    errors[name] ??= error.path === name ? error.message : `${error.path}: ${error.message}`;
  }
  return { ok: false, errors };
}

type Read = { value?: Json | undefined; error?: string };

function readGiven(field: Field, given: unknown): Read {
  if (given === undefined || given === null) return given === null && !field.optional ? { value: null } : {};
  if (typeof given !== "string") return { value: given as Json };
  const text = given.trim();
  if (text === "" && field.optional) return {};
  switch (field.widget) {
    case "number":
      return text !== "" && Number.isFinite(Number(text))
        ? { value: Number(text) }
        : { error: "Must be a number." };
    case "boolean":
      if (["true", "yes", "on", "1"].includes(text.toLowerCase())) return { value: true };
      if (["false", "no", "off", "0", ""].includes(text.toLowerCase())) return { value: false };
      return { error: "Must be true or false." };
    case "select": {
      const choices = Array.isArray(field.schema["enum"]) ? (field.schema["enum"] as readonly Json[]) : [];
      return { value: choices.find((choice) => String(choice) === text) ?? given };
    }
    case "multiselect":
    case "json":
      return readJson(field, given);
    case "file":
      return { error: "Must be a file." };
    case "text":
    case "multiline":
    case "date":
    case "datetime":
    case "secret":
      return { value: given };
  }
}

function readJson(field: Field, given: string): Read {
  const type = field.schema["type"];
  if (type === "string") return { value: given };
  try {
    return { value: JSON.parse(given) as Json };
  } catch {
    if (field.widget === "multiselect") return { value: given.split(",").map((one) => one.trim()) };
    if (type === undefined) return { value: given };
    return { error: "Must be JSON." };
  }
}

function fileProblem(field: Field, value: Json): string | undefined {
  if (field.widget !== "file") return undefined;
  if (!isFileRef(value)) return "Must be a file.";
  const { mediaType, bytes, name } = value.$file;
  if (field.maxBytes !== undefined && bytes > field.maxBytes) {
    return `"${name}" is too large: ${bytes} bytes, and ${field.maxBytes} are allowed.`;
  }
  if (field.accept && !field.accept.some((pattern) => accepts(pattern, mediaType, name))) {
    return `"${name}" is ${mediaType}; accepted are ${field.accept.join(", ")}.`;
  }
  return undefined;
}

/** `text/plain`, `image/*`, `*\/*`, or an extension such as `.log`. */
function accepts(pattern: string, mediaType: string, name: string): boolean {
  if (pattern.startsWith(".")) return name.toLowerCase().endsWith(pattern.toLowerCase());
  const [kind, part] = pattern.split("/");
  const [ownKind, ownPart] = (mediaType.split(";")[0] ?? "").trim().split("/");
  return (kind === "*" || kind === ownKind) && (part === "*" || part === ownPart);
}
