import { isObject, type Json, type JsonObject } from "#base/index.ts";
import { checkValue } from "./check.ts";

/** Nesting after which only what must be there is filled in, and the nesting at which an example ends. */
const deep = 4;
const deepest = 12;

/**
 * A value of the shape that a JSON Schema describes, always the same for a schema; undefined where none could be made that fits (a
 * pattern, say, whose text nobody can guess). What the schema itself offers goes first: `const`, `default`, `examples`, `enum`.
 */
export function exampleOf(schema: JsonObject): Json | undefined {
  const value = make(schema, 0);
  if (value === undefined) return undefined;
  const checked = checkValue(schema, value);
  return checked.ok ? checked.value : undefined;
}

function make(schema: unknown, depth: number): Json | undefined {
  if (schema === true || !isObject(schema)) return schema === false ? undefined : null;
  if (depth > deepest) return undefined;
  const offered = offer(schema as JsonObject);
  if (offered !== undefined) return offered;
  for (const key of ["anyOf", "oneOf"] as const) {
    const options = schema[key];
    if (!Array.isArray(options)) continue;
    for (const option of options) {
      const merged = isObject(option) ? merge(schema as JsonObject, option as JsonObject, key) : option;
      const value = make(merged, depth + 1);
      if (value !== undefined) return value;
    }
    return undefined;
  }
  const all = schema["allOf"];
  if (Array.isArray(all)) {
    let merged: JsonObject = { ...schema, allOf: null };
    for (const one of all) if (isObject(one)) merged = merge(merged, one as JsonObject, "allOf");
    return make(merged, depth + 1);
  }
  return ofType(typeOf(schema as JsonObject), schema as JsonObject, depth);
}

function offer(schema: JsonObject): Json | undefined {
  if ("const" in schema) return schema["const"];
  if (schema["default"] !== undefined) return schema["default"];
  const { examples, enum: values } = schema;
  const [first] = Array.isArray(examples) ? (examples as Json[]) : [];
  if (first !== undefined) return first;
  const [member] = Array.isArray(values) ? (values as Json[]) : [];
  return member;
}

/** A schema with one of its alternatives laid over it; members of both are of both. */
function merge(schema: JsonObject, option: JsonObject, key: string): JsonObject {
  const { [key]: _used, ...rest } = schema;
  const properties = { ...object(rest["properties"]), ...object(option["properties"]) };
  const required = [...list(rest["required"]), ...list(option["required"])];
  return {
    ...rest,
    ...option,
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required } : {}),
  };
}

function typeOf(schema: JsonObject): string {
  const { type } = schema;
  if (typeof type === "string") return type;
  if (Array.isArray(type)) {
    const named = type.find((one) => one !== "null") ?? type[0];
    return typeof named === "string" ? named : "null";
  }
  if ("properties" in schema || "required" in schema) return "object";
  if ("items" in schema || "prefixItems" in schema) return "array";
  if ("minLength" in schema || "maxLength" in schema || "format" in schema) return "string";
  return "minimum" in schema || "maximum" in schema ? "number" : "null";
}

function ofType(type: string, schema: JsonObject, depth: number): Json | undefined {
  switch (type) {
    case "object":
      return objectOf(schema, depth);
    case "array": {
      const first = list(schema["prefixItems"]).map((item) => make(item, depth + 1));
      const least = Math.max(number(schema["minItems"]) ?? 0, depth < deep && "items" in schema ? 1 : 0);
      const most = number(schema["maxItems"]) ?? Number.POSITIVE_INFINITY;
      while (first.length < Math.min(least, most, 100)) first.push(make(schema["items"] ?? true, depth + 1));
      return first.includes(undefined) ? undefined : (first as Json[]);
    }
    case "string":
      return textOf(schema);
    case "integer":
    case "number":
      return numberOf(schema, type === "integer");
    case "boolean":
      return true;
    default:
      return null;
  }
}

function objectOf(schema: JsonObject, depth: number): Json | undefined {
  const required = new Set(list(schema["required"]).map(String));
  const properties = object(schema["properties"]);
  const value: Record<string, Json> = {};
  for (const name of new Set([...Object.keys(properties), ...required])) {
    if (depth >= deep && !required.has(name)) continue;
    const member = make(properties[name] ?? true, depth + 1);
    if (member !== undefined) value[name] = member;
    else if (required.has(name)) return undefined;
  }
  return value;
}

const texts: Readonly<Record<string, string>> = {
  date: "2030-01-31",
  "date-time": "2030-01-31T09:00:00Z",
  time: "09:00:00Z",
  duration: "PT1H",
  email: "someone@example.com",
  uri: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
  hostname: "example.com",
  ipv4: "192.0.2.1",
};

function textOf(schema: JsonObject): string {
  const { format, title } = schema;
  const known = typeof format === "string" ? texts[format] : undefined;
  const text = known ?? (typeof title === "string" && title !== "" ? `Example of ${title}` : "example");
  const least = number(schema["minLength"]) ?? 0;
  const most = number(schema["maxLength"]) ?? Number.POSITIVE_INFINITY;
  return text.padEnd(Math.min(least, 10_000), "x").slice(0, most);
}

function numberOf(schema: JsonObject, whole: boolean): number {
  const least = number(schema["minimum"]);
  const above = number(schema["exclusiveMinimum"]);
  const most = number(schema["maximum"]);
  const below = number(schema["exclusiveMaximum"]);
  const step = number(schema["multipleOf"]) ?? (whole ? 1 : undefined);
  let value = 1;
  if (least !== undefined) value = Math.max(value, least);
  if (above !== undefined && value <= above) {
    const room = ((below ?? most ?? above + 2) - above) / 2;
    value = step === undefined ? above + Math.min(1, room) : (Math.floor(above / step) + 1) * step;
  }
  if (most !== undefined) value = Math.min(value, most);
  if (below !== undefined && value >= below) value = below - (step ?? 1);
  if (step === undefined || step <= 0) return value;
  const rounded = Math.ceil(value / step) * step;
  const isTooMuch = (most !== undefined && rounded > most) || (below !== undefined && rounded >= below);
  return isTooMuch ? rounded - step : rounded;
}

function object(value: unknown): JsonObject {
  return isObject(value) ? (value as JsonObject) : {};
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
