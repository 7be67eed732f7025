import { Validator } from "@cfworker/json-schema";
import { isObject, messageOf, type Json, type JsonObject } from "#base/index.ts";
import { type PlainCheck, plainCheck } from "./plain-check.ts";

/** What is wrong with a value: `path` is dotted (`customer.email`, `items[2]`), "" for the value itself. */
export type ValueError = { readonly path: string; readonly message: string };
export type Checked =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly errors: readonly ValueError[] };

const validators = new WeakMap<JsonObject, Validator>();
const plainChecks = new WeakMap<JsonObject, PlainCheck | null>();

/**
 * Checks a value against a JSON Schema (2020-12) and fills in defaults of properties that are left out. Never
 * throws; a schema that can't be used is an error at "".
 */
export function checkValue(schema: JsonObject, value: unknown): Checked {
  try {
    const filled = fillDefaults(schema, value, 0) as Json;
    let plain = plainChecks.get(schema);
    if (plain === undefined) {
      plain = plainCheck(schema);
      plainChecks.set(schema, plain);
    }
    if (plain?.(filled) === true) return { ok: true, value: filled };
    let validator = validators.get(schema);
    if (!validator) {
      validator = new Validator(schema, "2020-12", false);
      validators.set(schema, validator);
    }
    const result = validator.validate(filled);
    if (result.valid) return { ok: true, value: filled };
    return { ok: false, errors: readErrors(result.errors, schema) };
  } catch (error) {
    return {
      ok: false,
      errors: [{ path: "", message: `The value could not be checked: ${messageOf(error)}` }],
    };
  }
}

function fillDefaults(schema: unknown, value: unknown, depth: number): unknown {
  if (depth > 100) throw new Error("it is nested more than 100 deep.");
  if (!isObject(schema)) return value;
  if (Array.isArray(value)) {
    return isObject(schema["items"])
      ? value.map((item) => fillDefaults(schema["items"], item, depth + 1))
      : value;
  }
  if (!isObject(value) || !isObject(schema["properties"])) return value;
  const filled: Record<string, unknown> = { ...value };
  for (const [key, property] of Object.entries(schema["properties"])) {
    const own = Object.hasOwn(filled, key) ? filled[key] : undefined;
    if (own !== undefined) filled[key] = fillDefaults(property, own, depth + 1);
    else if (isObject(property) && property["default"] !== undefined) filled[key] = property["default"];
    else delete filled[key];
  }
  return filled;
}

type Unit = { keyword: string; keywordLocation: string; instanceLocation: string; error: string };

/** The deepest errors only: the ones above them merely say that something below is wrong. */
function readErrors(units: readonly Unit[], schema: JsonObject): ValueError[] {
  const wrappers = new Set(["properties", "items", "prefixItems", "allOf", "$ref", "additionalProperties"]);
  const leaves = units.filter((unit) => !wrappers.has(unit.keyword) || isExtraKey(unit));
  const errors = new Map<string, ValueError>();
  for (const unit of leaves.length > 0 ? leaves : units) {
    if (unit.keyword === "false") continue;
    const path = dotted(unit.instanceLocation);
    const error = { path, message: messageOfUnit(unit, schema) };
    errors.set(`${error.path}\n${error.message}`, error);
    if (errors.size >= 20) break;
  }
  return [...errors.values()];
}

function isExtraKey(unit: Unit): boolean {
  return unit.keyword === "additionalProperties";
}

function messageOfUnit(unit: Unit, schema: JsonObject): string {
  const rule = atPointer(schema, unit.keywordLocation);
  switch (unit.keyword) {
    case "required":
      return unit.error.replace("Instance does not have required property", "Missing:");
    case "additionalProperties":
      return unit.error
        .replace("Property", "Unknown:")
        .replace(" does not match additional properties schema.", ". It is not a field of this shape.");
    case "type":
      return `Must be ${Array.isArray(rule) ? rule.join(" or ") : article(String(rule))}.`;
    case "enum":
      return Array.isArray(rule)
        ? `Must be one of ${rule.map((one) => JSON.stringify(one)).join(", ")}.`
        : unit.error;
    case "minimum":
      return `Must be at least ${String(rule)}.`;
    case "maximum":
      return `Must be at most ${String(rule)}.`;
    case "minLength":
      return rule === 1 ? "Must not be empty." : `Must have at least ${String(rule)} characters.`;
    case "maxLength":
      return `Must have at most ${String(rule)} characters.`;
    case "format":
      return `Must be written as ${String(rule)}.`;
    default:
      return unit.error;
  }
}

function article(type: string): string {
  const names: Record<string, string> = {
    string: "text",
    integer: "a whole number",
    number: "a number",
    boolean: "true or false",
    array: "a list",
    object: "an object",
    null: "null",
  };
  return names[type] ?? type;
}

function pointerKeys(pointer: string): string[] {
  return pointer
    .replace(/^#\/?/, "")
    .split("/")
    .filter((key) => key !== "")
    .map((key) => decodeURIComponent(key.replaceAll("~1", "/").replaceAll("~0", "~")));
}

function atPointer(schema: unknown, pointer: string): unknown {
  let at = schema;
  for (const key of pointerKeys(pointer)) {
    if (Array.isArray(at)) at = at[Number(key)] as unknown;
    else if (isObject(at)) at = at[key];
    else return undefined;
  }
  return at;
}

function dotted(pointer: string): string {
  return pointerKeys(pointer).reduce(
    (path, key) => (/^\d+$/.test(key) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`),
    "",
  );
}
