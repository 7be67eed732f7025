import { isObject, type JsonObject } from "#base/index.ts";
import { flowJsonSchema } from "#flow/index.ts";

/** One step from a value into it: a key of a map, or "*" for an item of a list. */
export type SchemaStep = string;

/** A key that may stand somewhere. */
export type KnownKey = {
  readonly name: string;
  readonly description: string;
  readonly schema: JsonObject;
  /** Whether it is the head key of a task. */
  readonly isHead: boolean;
};

/** The schemas that a value at a path may have. `present`: keys that its map has already, for telling tasks apart. */
export function schemasAt(path: readonly SchemaStep[], present: readonly string[] = []): JsonObject[] {
  let schemas: JsonObject[] = [flowJsonSchema()];
  for (const step of path) {
    schemas = expand(schemas).flatMap((schema) => {
      if (step === "*") return isObject(schema["items"]) ? [schema["items"] as JsonObject] : [];
      const own = isObject(schema["properties"]) ? schema["properties"][step] : undefined;
      if (isObject(own)) return [own as JsonObject];
      const more = schema["additionalProperties"];
      return isObject(more) ? [more as JsonObject] : [];
    });
    schemas = distinct(schemas);
  }
  const all = expand(schemas);
  const heads = present.filter((key) => headKeys().has(key));
  if (heads.length === 0) return all;
  const fitting = all.filter((schema) => {
    const required = schema["required"];
    return !Array.isArray(required) || heads.every((head) => required.includes(head));
  });
  return fitting.length > 0 ? fitting : all;
}

/** Keys that may stand in the map at a path, beside those that are there. */
export function keysAt(path: readonly SchemaStep[], present: readonly string[]): KnownKey[] {
  const found = new Map<string, KnownKey>();
  const hasHead = present.some((key) => headKeys().has(key));
  for (const schema of schemasAt(path, present)) {
    const properties = schema["properties"];
    if (!isObject(properties)) continue;
    const head = headOf(schema);
    // Before a head is chosen, its own keys would only confuse.
    const shown = head === null || hasHead ? Object.keys(properties) : [head, ...commonKeys()];
    for (const name of shown) {
      const own = properties[name];
      if (present.includes(name) || found.has(name) || !isObject(own)) continue;
      const isHead = name === head;
      const description = (isHead ? schema["description"] : undefined) ?? own["description"] ?? "";
      found.set(name, { name, description: String(description), schema: own as JsonObject, isHead });
    }
  }
  return [...found.values()];
}

/** Fixed choices of the value at a path. */
export function choicesAt(path: readonly SchemaStep[], present: readonly string[] = []): string[] {
  const owner = schemasAt(path.slice(0, -1), present);
  const last = path.at(-1) ?? "";
  const found = new Set<string>();
  const own = owner.flatMap((schema) => {
    const value =
      last === "*"
        ? schema["items"]
        : isObject(schema["properties"])
          ? schema["properties"][last]
          : undefined;
    return isObject(value) ? [value as JsonObject] : [];
  });
  for (const schema of expand(own)) {
    if (Array.isArray(schema["enum"])) for (const item of schema["enum"]) found.add(String(item));
    if (schema["const"] !== undefined) found.add(String(schema["const"]));
    if (schema["type"] === "boolean") found.add("true").add("false");
  }
  return [...found];
}

let heads: ReadonlySet<string> | undefined;
/** All head keys of tasks. */
export function headKeys(): ReadonlySet<string> {
  heads ??= new Set(Object.keys(definitions()).flatMap((name) => /^task-(.+)$/.exec(name)?.[1] ?? []));
  return heads;
}

function headOf(schema: JsonObject): string | null {
  const properties = schema["properties"];
  const required = schema["required"];
  if (!isObject(properties) || !("needs" in properties) || !Array.isArray(required)) return null;
  return required.map(String).find((key) => headKeys().has(key)) ?? null;
}

function commonKeys(): string[] {
  const all = [...headKeys()].map((head) => {
    const task = definitions()[`task-${head}`];
    const properties = isObject(task) && isObject(task["properties"]) ? task["properties"] : {};
    return Object.keys(properties);
  });
  const [first = []] = all;
  return first.filter((key) => all.every((keys) => keys.includes(key)));
}

function definitions(): Record<string, unknown> {
  const definitionsOf = flowJsonSchema()["$defs"];
  return isObject(definitionsOf) ? definitionsOf : {};
}

/** References followed and alternatives laid side by side. */
function expand(schemas: readonly JsonObject[]): JsonObject[] {
  const found: JsonObject[] = [];
  const visit = (schema: JsonObject, depth: number): void => {
    if (depth > 8) return;
    const reference = schema["$ref"];
    if (typeof reference === "string") {
      const target = definitions()[reference.replace("#/$defs/", "")];
      if (isObject(target)) visit(target as JsonObject, depth + 1);
      return;
    }
    const several = schema["anyOf"] ?? schema["oneOf"];
    if (Array.isArray(several)) {
      for (const one of several) if (isObject(one)) visit(one as JsonObject, depth + 1);
      return;
    }
    found.push(schema);
  };
  for (const schema of schemas) visit(schema, 0);
  return distinct(found);
}

function distinct(schemas: readonly JsonObject[]): JsonObject[] {
  return [...new Set(schemas)];
}
