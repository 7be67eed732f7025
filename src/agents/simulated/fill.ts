import { RE2JS } from "re2js";
import { isObject, type Json } from "#base/index.ts";
import type { Fact, Knowledge } from "./facts.ts";
import { clip, likeness, sentences, stems } from "./words.ts";

type Schema = { readonly [key: string]: unknown };

/** What a value was taken from; the model tells it in its reasoning. `none`: made up to satisfy the schema. */
export type Filled = { readonly value: Json; readonly source: "context" | "default" | "none" };

const patterns: Readonly<Record<string, RegExp>> = {
  email: /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/,
  uri: /https?:\/\/[^\s"'<>)\]]+/,
  url: /https?:\/\/[^\s"'<>)\]]+/,
  ipv4: /\b(?:\d{1,3}\.){3}\d{1,3}\b/,
  ipv6: /\b(?:[0-9a-f]{1,4}:){2,7}[0-9a-f]{1,4}\b/i,
  date: /\b\d{4}-\d{2}-\d{2}\b/,
  "date-time": /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?/,
  uuid: /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/i,
};

const moneyWords = new Set(["amount", "pric", "cost", "total", "sum", "fee", "refund", "payment", "valu"]);
const proseWords = new Set(
  [
    "text",
    "message",
    "body",
    "summary",
    "reason",
    "explanation",
    "description",
    "comment",
    "note",
    "reply",
    "content",
    "question",
    "query",
    "prompt",
    "finding",
    "advice",
    "recommendation",
    "analysis",
    "draft",
    "answer",
    "rationale",
    "title",
    "subject",
  ].flatMap(stems),
);
const refusalWords =
  /\b(not allowed|denied|refused|declined|rejected|invalid|violat|against policy|must not|not found|error)\b/i;

/** Everything that was said or found, as one text, newest first. */
function words(knowledge: Knowledge): string {
  return `${knowledge.prompt}\n${knowledge.instructions}`;
}

function typeOf(schema: Schema): string {
  const type = schema["type"];
  if (typeof type === "string") return type;
  if (Array.isArray(type)) return String(type.find((name) => name !== "null") ?? "null");
  if (isObject(schema["properties"])) return "object";
  if (schema["items"] !== undefined) return "array";
  return "any";
}

function fits(schema: Schema, value: Json): boolean {
  const type = typeOf(schema);
  if (Array.isArray(schema["enum"])) return (schema["enum"] as Json[]).includes(value);
  const isFile = isObject(value) && "$file" in value;
  if (wantsFile(schema)) return isFile;
  switch (type) {
    case "string": {
      if (typeof value !== "string" || value === "") return false;
      const pattern = typeof schema["format"] === "string" ? patterns[schema["format"]] : undefined;
      if (pattern !== undefined && !pattern.test(value)) return false;
      return typeof schema["maxLength"] !== "number" || value.length <= schema["maxLength"];
    }
    case "integer":
      return typeof value === "number" && Number.isInteger(value) && inRange(schema, value);
    case "number":
      return typeof value === "number" && inRange(schema, value);
    case "boolean":
      return typeof value === "boolean";
    case "array":
      return (
        Array.isArray(value) && value.every((item) => fits((schema["items"] ?? {}) as Schema, item as Json))
      );
    case "object":
      return isObject(value);
    default:
      return true;
  }
}

function inRange(schema: Schema, value: number): boolean {
  const minimum = schema["minimum"];
  const maximum = schema["maximum"];
  return (
    (typeof minimum !== "number" || value >= minimum) && (typeof maximum !== "number" || value <= maximum)
  );
}

export function wantsFile(schema: Schema): boolean {
  return isObject(schema["properties"]) && "$file" in schema["properties"];
}

/** The fact whose name agrees best with the wanted one; newer facts win a tie. */
function bestFact(name: string, schema: Schema, facts: readonly Fact[]): Fact | undefined {
  const wanted = stems(`${name} ${typeof schema["title"] === "string" ? schema["title"] : ""}`);
  let best: Fact | undefined;
  let bestScore = 0;
  for (const fact of facts) {
    if (!fits(schema, fact.value)) continue;
    const exact = fact.key.toLowerCase() === name.toLowerCase() ? 1 : 0;
    const score =
      likeness(stems(name), fact.stems) + exact + 0.2 * likeness(wanted, fact.stems) - fact.age * 0.001;
    if (score > bestScore + 1e-9) {
      best = fact;
      bestScore = score;
    }
  }
  return bestScore >= 0.45 ? best : undefined;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The first word of the text that is of a schema's pattern. */
function wordOf(pattern: unknown, text: string): string | undefined {
  if (typeof pattern !== "string") return undefined;
  try {
    const compiled = RE2JS.compile(pattern);
    return text
      .split(/[\s"'`(),;]+/)
      .map((word) => word.replace(/[.:!?]+$/, ""))
      .find((word) => word !== "" && compiled.matcher(word).find());
  } catch {
    return undefined;
  }
}

function fitsPattern(schema: Schema, value: Json): boolean {
  return typeof schema["pattern"] !== "string" || wordOf(schema["pattern"], String(value)) !== undefined;
}

/** "order 7", "order number: A-113": a value that follows the field's name in prose. */
function afterName(name: string, text: string): string | undefined {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[^A-Za-z]+/)
    .filter((part) => part.length > 2 && !/^(number|name|the)$/i.test(part));
  for (const part of parts) {
    const match = new RegExp(
      `\\b${escape(part)}\\b(?:\\s+(?:id|no\\.?|number|nr\\.?))?\\s*[:#=]?\\s*["']?([A-Za-z]{0,6}-?\\d[\\w.-]*)`,
      "i",
    ).exec(text);
    if (match?.[1] !== undefined) return match[1].replace(/[.,]$/, "");
  }
  return undefined;
}

/** "3 nights", "12 open tickets": a number that stands before the field's word. */
function beforeName(name: string, text: string): number | undefined {
  const wanted = new Set(stems(name));
  for (const match of text.matchAll(/(?<![\w.-])(\d+(?:\.\d+)?)\s+([\p{L}]+)(?:\s+([\p{L}]+))?/gu)) {
    if (stems(`${match[2] ?? ""} ${match[3] ?? ""}`).some((stem) => wanted.has(stem)))
      return Number(match[1]);
  }
  return undefined;
}

/** The first number that is said and allowed, where nothing says which is meant. Dates and names don't count. */
function anyNumber(schema: Schema, text: string): number | undefined {
  for (const match of text.matchAll(/(?<![\w.:-])\d+(?:\.\d+)?(?![\w:-]|\.\d)/g)) {
    const number = Number(match[0]);
    if (inRange(schema, number)) return number;
  }
  return undefined;
}

function numberFrom(name: string, schema: Schema, text: string): number | undefined {
  if (stems(name).some((stem) => moneyWords.has(stem))) {
    const money =
      /(\d+(?:[.,]\d{1,2})?)\s?(?:€|\$|£|EUR|USD|GBP|CHF)|(?:€|\$|£|EUR|USD|GBP|CHF)\s?(\d+(?:[.,]\d{1,2})?)/i.exec(
        text,
      );
    const amount = money?.[1] ?? money?.[2];
    if (amount !== undefined) return Number(amount.replace(",", "."));
  }
  const before = beforeName(name, text);
  if (before !== undefined && inRange(schema, before)) return before;
  const after = afterName(name, text);
  const number = after === undefined ? Number.NaN : Number(after);
  return Number.isFinite(number) && inRange(schema, number) ? number : undefined;
}

/** Picks the member of an enum that the words speak of most. */
function choose(options: readonly Json[], name: string, knowledge: Knowledge): Filled {
  const known = bestFact(name, { enum: options }, knowledge.facts);
  if (known !== undefined) return { value: known.value, source: "context" };
  const spoken = stems(knowledge.prompt);
  let best: Json | undefined;
  let bestScore = 0;
  for (const option of options) {
    const wanted = stems(String(option));
    const score = wanted.reduce((sum, stem) => sum + spoken.filter((word) => word === stem).length, 0);
    if (score > bestScore) {
      best = option;
      bestScore = score;
    }
  }
  if (best !== undefined) return { value: best, source: "context" };
  const neutral = options.find((option) =>
    /^(other|none|unknown|neutral|default|medium|normal|general)$/i.test(String(option)),
  );
  return { value: neutral ?? options[0] ?? null, source: "none" };
}

/** A sentence or two made of what tools found, else of the prompt. */
export function summarise(knowledge: Knowledge, length: number): string {
  const found = knowledge.called.filter((call) => !call.failed && call.result !== undefined);
  if (found.length > 0) {
    const parts = found.map((call) => `${call.tool} answered ${describe(call.result as Json)}`);
    return clip(`${parts.join("; ")}.`, length);
  }
  return clip(sentences(knowledge.prompt).slice(0, 2).join(" "), length);
}

/** A value in words: `source 10.0.0.1, failures 12`. */
export function describe(value: Json, depth = 0): string {
  if (value === null) return "nothing";
  if (typeof value === "string") return clip(value, 160);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) {
    if (value.length === 0) return "an empty list";
    const shown = value.slice(0, 3).map((item) => describe(item as Json, depth + 1));
    return value.length > 3 ? `${shown.join("; ")} and ${value.length - 3} more` : shown.join("; ");
  }
  if (isObject(value)) {
    if (isObject(value["$file"])) return `the file ${String(value["$file"]["name"])}`;
    const members = Object.entries(value).filter(
      ([key]) => depth > 0 || !/^(columns|truncated|rowCount)$/.test(key),
    );
    return members
      .slice(0, 8)
      .map(([key, member]) => `${key} ${describe(member as Json, depth + 1)}`)
      .join(", ");
  }
  return String(value);
}

/** A value of the schema for the field `name`, from what the conversation knows. Always valid where the schema is plain. */
export function fill(name: string, schema: Schema, knowledge: Knowledge, depth = 0): Filled {
  if ("const" in schema) return { value: schema["const"] as Json, source: "default" };
  if (Array.isArray(schema["enum"])) return choose(schema["enum"] as Json[], name, knowledge);
  for (const union of ["anyOf", "oneOf"]) {
    const members = schema[union];
    if (Array.isArray(members) && members.length > 0) {
      const filled = members.map((member) => fill(name, member as Schema, knowledge, depth + 1));
      return (
        filled.find((candidate) => candidate.source === "context") ??
        filled[0] ?? { value: null, source: "none" }
      );
    }
  }
  const type = typeOf(schema);
  if (type === "object" && !wantsFile(schema)) return fillObject(schema, knowledge, depth);

  const known = bestFact(name, schema, knowledge.facts);
  if (known !== undefined && fitsPattern(schema, known.value))
    return { value: known.value, source: "context" };
  if (wantsFile(schema)) {
    const file = knowledge.facts.find((fact) => fits(schema, fact.value));
    return file === undefined ? { value: null, source: "none" } : { value: file.value, source: "context" };
  }
  const text = words(knowledge);
  const examples = Array.isArray(schema["examples"])
    ? (schema["examples"] as Json[]).filter((one) => fits(schema, one))
    : [];
  // An example that was spoken of is meant; any other one at least has the right form.
  const spoken = examples.find(
    (one) => typeof one === "string" && new RegExp(`\\b${escape(one)}\\b`, "i").test(text),
  );
  if (spoken !== undefined) return { value: spoken, source: "context" };
  switch (type) {
    case "string": {
      const format =
        typeof schema["format"] === "string"
          ? schema["format"]
          : /(^|[a-z_])ip(v4)?$|address/i.test(name)
            ? "ipv4"
            : name.toLowerCase();
      const byPattern = wordOf(schema["pattern"], text);
      if (byPattern !== undefined) return { value: byPattern, source: "context" };
      const byFormat = patterns[format]?.exec(text)?.[0];
      if (byFormat !== undefined) return { value: byFormat.replace(/[.,;]$/, ""), source: "context" };
      const after = afterName(name, text);
      if (after !== undefined) return { value: after, source: "context" };
      if (schema["default"] !== undefined) return { value: schema["default"] as Json, source: "default" };
      if (examples[0] !== undefined) return { value: examples[0], source: "default" };
      const maximum = typeof schema["maxLength"] === "number" ? schema["maxLength"] : 400;
      const prose = stems(name).some((stem) => proseWords.has(stem));
      const quoted = /["“]([^"”]{1,200})["”]/.exec(knowledge.prompt)?.[1];
      if (!prose && quoted !== undefined) return { value: clip(quoted, maximum), source: "context" };
      const made = summarise(knowledge, Math.min(maximum, 400));
      return made === ""
        ? { value: name, source: "none" }
        : { value: made, source: prose ? "context" : "none" };
    }
    case "integer":
    case "number": {
      const number = numberFrom(name, schema, text);
      if (number !== undefined)
        return { value: type === "integer" ? Math.round(number) : number, source: "context" };
      if (schema["default"] !== undefined) return { value: schema["default"] as Json, source: "default" };
      const minimum = typeof schema["minimum"] === "number" ? schema["minimum"] : 0;
      const closest = anyNumber(schema, knowledge.prompt) ?? minimum;
      return { value: type === "integer" ? Math.round(closest) : closest, source: "none" };
    }
    case "boolean": {
      if (typeof schema["default"] === "boolean") return { value: schema["default"], source: "default" };
      const bad = knowledge.called.some((call) => call.failed) || refusalWords.test(knowledge.prompt);
      const asksForBad =
        /(suspicious|fraud|malicious|risk|error|fail|attack|spam|urgent|block|escalat)/i.test(name);
      return {
        value: asksForBad ? new RegExp(escape(name.slice(0, 5)), "i").test(knowledge.prompt) : !bad,
        source: "context",
      };
    }
    case "array": {
      const item = (schema["items"] ?? { type: "string" }) as Schema;
      const one = fill(name.replace(/s$/, ""), item, knowledge, depth + 1);
      return one.source === "none" && typeof schema["minItems"] !== "number"
        ? { value: [], source: "none" }
        : { value: [one.value], source: one.source };
    }
    case "null":
      return { value: null, source: "default" };
    default:
      return {
        value: schema["default"] !== undefined ? (schema["default"] as Json) : summarise(knowledge, 200),
        source: "none",
      };
  }
}

/** Fills the required members, and those optional ones that the conversation knows. */
export function fillObject(schema: Schema, knowledge: Knowledge, depth = 0): Filled {
  if (depth > 6) return { value: {}, source: "none" };
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = new Set(Array.isArray(schema["required"]) ? (schema["required"] as string[]) : []);
  const value: Record<string, Json> = {};
  let lacking = false;
  let fromContext = false;
  for (const [key, member] of Object.entries(properties)) {
    const filled = fill(key, member as Schema, knowledge, depth + 1);
    if (required.has(key)) {
      value[key] = filled.value;
      lacking ||= filled.source === "none";
    } else if (
      filled.source === "context" &&
      bestFact(key, member as Schema, knowledge.facts) !== undefined
    ) {
      value[key] = filled.value;
    }
    fromContext ||= filled.source === "context";
  }
  return { value, source: lacking ? "none" : fromContext || required.size === 0 ? "context" : "default" };
}
