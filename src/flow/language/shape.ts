import { isObject, type Json, type JsonObject } from "#base/index.ts";
import type { Field, Shape } from "./definition.ts";
import { nearest } from "./names.ts";
import { readSize } from "../values/size.ts";

/** A shape that is not one, at `path` (keys below the shape). */
export class ShapeError extends Error {
  readonly path: readonly (string | number)[];
  /** What was probably meant by the value at `path`. */
  readonly meant: string | undefined;
  constructor(message: string, path: readonly (string | number)[], meant?: string) {
    super(message);
    this.name = "ShapeError";
    this.path = path;
    this.meant = meant;
  }
}

const dialect = "https://json-schema.org/draft/2020-12/schema";
const schemaTypes = ["string", "number", "integer", "boolean", "array", "object", "null"] as const;
/** Names of types that a field may have. */
export const fieldTypes = [
  "string",
  "number",
  "integer",
  "boolean",
  "date",
  "datetime",
  "file",
  "array",
  "object",
  "any",
] as const;
type FieldType = (typeof fieldTypes)[number];

/** What a file is as a value: a reference; the content is read by tools only. */
export const fileSchema: JsonObject = {
  type: "object",
  properties: {
    $file: {
      type: "object",
      properties: {
        id: { type: "string" },
        name: { type: "string" },
        mediaType: { type: "string" },
        bytes: { type: "number" },
        hash: { type: "string" },
      },
      required: ["id", "name"],
    },
  },
  required: ["$file"],
};

const noFields: Shape = {
  fields: [],
  schema: { type: "object", properties: {}, additionalProperties: false },
};

/**
 * Writes a shape out: fields by name, each as `string`, `{ type: number, min: 0 }`, `{ enum: [a, b] }` or a JSON
 * Schema; or one JSON Schema of an object for the whole. Throws {@link ShapeError}.
 */
export function shapeOf(fields: unknown): Shape {
  if (fields === undefined || fields === null) return noFields;
  if (!isObject(fields)) throw new ShapeError("Fields are written as a map of names to types.", []);
  if (isWholeSchema(fields)) return shapeOfSchema(fields);
  const list = Object.entries(fields).map(([name, definition]) => fieldOf(name, definition, [name]));
  return { fields: list, schema: objectSchema(list) };
}

function objectSchema(list: readonly Field[]): JsonObject {
  const required = list.filter((field) => !field.optional).map((field) => field.name);
  return {
    type: "object",
    properties: Object.fromEntries(list.map((field) => [field.name, field.schema])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

function isWholeSchema(fields: Record<string, unknown>): boolean {
  return (
    typeof fields["$schema"] === "string" || (fields["type"] === "object" && isObject(fields["properties"]))
  );
}

function shapeOfSchema(schema: Record<string, unknown>): Shape {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const fields = Object.entries(properties).map(([name, definition]) => {
    const field = fieldOf(name, definition, ["properties", name]);
    return { ...field, optional: field.default !== undefined || !required.includes(name) };
  });
  return { fields, schema: schema as JsonObject };
}

const ownKeys = new Set(["optional", "multiline", "accept", "maxSize", "min", "max", "fields", "multiple"]);

function fieldOf(name: string, definition: unknown, path: readonly (string | number)[]): Field {
  if (typeof definition === "string") {
    try {
      return fieldOf(name, { type: definition }, path);
    } catch (error) {
      throw error instanceof ShapeError ? new ShapeError(error.message, path, error.meant) : error;
    }
  }
  if (!isObject(definition)) {
    throw new ShapeError(
      `The field "${name}" is written as a type (string, number, …) or a map such as { type: number, min: 0 }.`,
      path,
    );
  }
  const widget = widgetOf(name, definition, path);
  const schema = schemaOf(name, definition, path);
  const maxSize = definition["maxSize"];
  const maxBytes = typeof maxSize === "number" ? maxSize : readSize(String(maxSize ?? ""));
  if (maxSize !== undefined && maxBytes === undefined) {
    throw new ShapeError(`"maxSize" of "${name}" is a size such as 10MB.`, [...path, "maxSize"]);
  }
  const accept = typeof definition["accept"] === "string" ? [definition["accept"]] : definition["accept"];
  if (accept !== undefined && !(Array.isArray(accept) && accept.every((type) => typeof type === "string"))) {
    throw new ShapeError(`"accept" of "${name}" is a list of media types such as [text/plain].`, [
      ...path,
      "accept",
    ]);
  }
  const fallback = definition["default"] as Json | undefined;
  return {
    name,
    title: typeof definition["title"] === "string" ? definition["title"] : undefined,
    description: typeof definition["description"] === "string" ? definition["description"] : undefined,
    optional: definition["optional"] === true || fallback !== undefined,
    default: fallback,
    widget,
    accept: accept as string[] | undefined,
    maxBytes,
    schema,
  };
}

function typeOf(
  name: string,
  definition: Record<string, unknown>,
  path: readonly (string | number)[],
): FieldType | undefined {
  const type = definition["type"];
  if (type === undefined) return undefined;
  if (typeof type === "string" && (fieldTypes as readonly string[]).includes(type)) return type as FieldType;
  if (
    Array.isArray(type) &&
    type.length > 0 &&
    type.every((one) => (schemaTypes as readonly unknown[]).includes(one))
  ) {
    return undefined;
  }
  const meant = typeof type === "string" ? nearest(type, fieldTypes) : undefined;
  const hint = meant === undefined ? "" : ` Did you mean "${meant}"?`;
  throw new ShapeError(
    `The field "${name}" has the unknown type "${String(type)}". Types are ${fieldTypes.join(", ")}.${hint}`,
    [...path, "type"],
    meant,
  );
}

function widgetOf(
  name: string,
  definition: Record<string, unknown>,
  path: readonly (string | number)[],
): Field["widget"] {
  const type = typeOf(name, definition, path);
  const choices = definition["enum"];
  if (choices !== undefined) {
    if (!Array.isArray(choices) || choices.length === 0) {
      throw new ShapeError(`"enum" of "${name}" is a list of at least one value.`, [...path, "enum"]);
    }
    return definition["multiple"] === true ? "multiselect" : "select";
  }
  switch (type) {
    case "file":
    case "date":
    case "datetime":
    case "boolean":
      return type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return isObject(definition["items"]) && Array.isArray(definition["items"]["enum"])
        ? "multiselect"
        : "json";
    case "string":
      if (definition["multiline"] === true) return "multiline";
      if (definition["format"] === "password") return "secret";
      if (definition["format"] === "date") return "date";
      return definition["format"] === "date-time" ? "datetime" : "text";
    default:
      return "json";
  }
}

function schemaOf(
  name: string,
  definition: Record<string, unknown>,
  path: readonly (string | number)[],
): JsonObject {
  const type = typeOf(name, definition, path);
  const schema: Record<string, Json> = {};
  for (const [key, value] of Object.entries(definition)) {
    if (key !== "type" && !ownKeys.has(key)) schema[key] = value as Json;
  }
  if (type === "file") {
    const { title, description } = schema;
    return {
      ...fileSchema,
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
    };
  }
  if (type === "date" || type === "datetime") {
    Object.assign(schema, { type: "string", format: type === "date" ? "date" : "date-time" });
  } else if (type !== undefined && type !== "any") {
    schema["type"] = type;
  } else if (Array.isArray(definition["type"])) {
    schema["type"] = definition["type"] as Json;
  }
  for (const bound of ["min", "max"] as const) {
    const limit = definition[bound];
    if (limit === undefined) continue;
    if (typeof limit !== "number") {
      throw new ShapeError(`"${bound}" of "${name}" is a number.`, [...path, bound]);
    }
    schema[boundKey(bound, type)] = limit;
  }
  if (definition["multiple"] === true && Array.isArray(definition["enum"])) {
    const { enum: choices, ...rest } = schema;
    return { ...rest, type: "array", items: { enum: choices ?? [] }, uniqueItems: true };
  }
  if (definition["fields"] !== undefined) {
    Object.assign(schema, nested(definition["fields"], [...path, "fields"]));
  }
  if (typeof definition["items"] === "string" || isObject(definition["items"])) {
    schema["items"] = fieldOf(`${name}[]`, definition["items"], [...path, "items"]).schema;
  }
  return schema;
}

function boundKey(bound: "min" | "max", type: FieldType | undefined): string {
  if (type === "string") return `${bound}Length`;
  if (type === "array") return `${bound}Items`;
  return `${bound}imum`;
}

function nested(fields: unknown, path: readonly (string | number)[]): JsonObject {
  if (!isObject(fields)) throw new ShapeError('"fields" is a map of names to types.', path);
  return objectSchema(Object.entries(fields).map(([name, one]) => fieldOf(name, one, [...path, name])));
}

export const jsonSchemaDialect = dialect;
