import { isObject } from "#base/index.ts";

/** Whether a value certainly has a shape. False says nothing. */
export type PlainCheck = (value: unknown) => boolean;

/** Keywords that say nothing about whether a value is valid. */
const remarks: ReadonlySet<string> = new Set([
  "$schema",
  "$comment",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
]);

/**
 * A check for schemas made of the everyday keywords alone, many times faster than a whole validator; null for any
 * other schema. It only ever accepts: what it does not accept has to be validated, which also finds what is wrong.
 */
export function plainCheck(schema: unknown): PlainCheck | null {
  if (schema === true) return isJson;
  if (!isObject(schema)) return null;
  const checks: PlainCheck[] = [];
  for (const [keyword, rule] of Object.entries(schema)) {
    if (remarks.has(keyword)) continue;
    const check = checkOf(keyword, rule, schema);
    if (check === null) return null;
    checks.push(check);
  }
  return (value) => isJson(value) && checks.every((check) => check(value));
}

/** The validator takes nothing else, also where a schema allows anything. */
function isJson(value: unknown): boolean {
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" || type === "object";
}

function checkOf(keyword: string, rule: unknown, schema: Record<string, unknown>): PlainCheck | null {
  switch (keyword) {
    case "type": {
      const names: readonly unknown[] = Array.isArray(rule) ? rule : [rule];
      return (value) => names.some((name) => hasType(value, name));
    }
    case "enum":
      if (!Array.isArray(rule)) return null;
      return (value) => (value === null || typeof value !== "object") && rule.includes(value);
    case "required":
      if (!Array.isArray(rule)) return null;
      return (value) => !isObject(value) || rule.every((key) => Object.hasOwn(value, String(key)));
    case "properties":
      return isObject(rule) ? checkProperties(rule) : null;
    case "additionalProperties": {
      if (rule === true) return () => true;
      const known = schema["properties"];
      if (rule !== false || !isObject(known)) return null;
      return (value) => !isObject(value) || Object.keys(value).every((key) => Object.hasOwn(known, key));
    }
    case "items": {
      const item = plainCheck(rule);
      return item && ((value) => !Array.isArray(value) || value.every(item));
    }
    // Lengths count characters, of which some take two code units.
    case "minLength":
      return typeof rule === "number"
        ? (value) => typeof value !== "string" || value.length >= 2 * rule
        : null;
    case "maxLength":
      return typeof rule === "number" ? (value) => typeof value !== "string" || value.length <= rule : null;
    case "minimum":
      return typeof rule === "number" ? (value) => typeof value !== "number" || value >= rule : null;
    case "maximum":
      return typeof rule === "number" ? (value) => typeof value !== "number" || value <= rule : null;
    default:
      return null;
  }
}

function checkProperties(rules: Record<string, unknown>): PlainCheck | null {
  const checks: (readonly [string, PlainCheck])[] = [];
  for (const [key, rule] of Object.entries(rules)) {
    const check = plainCheck(rule);
    // A name that every object inherits counts as there for the validator.
    if (check === null || key in Object.prototype) return null;
    checks.push([key, check]);
  }
  return (value) => {
    if (!isObject(value)) return true;
    for (const [key, check] of checks) if (Object.hasOwn(value, key) && !check(value[key])) return false;
    return true;
  };
}

function hasType(value: unknown, name: unknown): boolean {
  switch (name) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === name && (name === "string" || name === "number" || name === "boolean");
  }
}
