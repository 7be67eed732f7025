import { isObject, type Json } from "#base/index.ts";
import type { LocalTool, LocalToolBody, Shape, ToolApproval } from "./definition.ts";
import { scriptLanguages } from "./heads/script.ts";
import { laterKeys, laterMessage } from "./later.ts";
import { dottedPattern } from "./names.ts";
import { milliseconds, readBy, readCondition, readTemplates } from "./parts.ts";
import type { FlowReader } from "./reader.ts";
import { toolSchemas, type ToolHead } from "./schema.ts";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** Reads a tool that the flow brings along; undefined when its text can't be used (one problem is noted). */
export function readTool(reader: FlowReader, name: string, raw: unknown): LocalTool | undefined {
  const path = ["tools", name];
  const refuse = (
    rule: string,
    message: string,
    below: readonly string[],
    part: "key" | "value" = "value",
  ): undefined => {
    reader.note(path, { rule, message, path: below, part });
    return undefined;
  };
  if (!dottedPattern.test(name)) {
    return refuse(
      "L14",
      `The tool's name "${name}" must start with a letter and hold only letters, digits, "_", "-" and ".".`,
      [],
      "key",
    );
  }
  if (!isObject(raw)) return refuse("L10", "A tool is a map with a description and http or script.", []);
  const found = Object.keys(raw).filter((key): key is ToolHead => key in toolSchemas);
  const [head, second] = found;
  if (second !== undefined)
    return refuse("L9", `A tool has one head key; this one has "${head}" and "${second}".`, [second], "key");
  if (head === undefined) {
    const later = Object.keys(raw).find((key) => laterKeys.tool.has(key));
    if (later !== undefined) return refuse("L13", laterMessage(later), [later], "key");
    return refuse("L8", "This tool has no head key. Give it http (METHOD URL) or script (javascript).", []);
  }
  const known = Object.keys(toolSchemas[head].shape);
  const before = reader.problems.length;
  const shapes = {
    input: readShape(reader, raw, path, "input"),
    returns: readShape(reader, raw, path, "returns"),
  };
  if (reader.problems.length > before) return undefined;
  let body: LocalToolBody;
  let rest;
  if (head === "http") {
    const checked = reader.check(toolSchemas.http, raw, path, known, laterKeys.nested);
    if (!checked) return undefined;
    const request = /^([A-Za-z]+)\s+(\S[\s\S]*)$/.exec(checked.http.trim());
    const method = request?.[1]?.toUpperCase();
    const url = request?.[2];
    if (method === undefined || url === undefined || !methods.includes(method)) {
      return refuse("L10", `"http" must be a method and a URL, such as GET https://example.com/items.`, [
        "http",
      ]);
    }
    body = {
      kind: "http",
      method,
      url,
      query: readTemplates(checked.query),
      headers: readTemplates(checked.headers),
      body: checked.body as Json | undefined,
      result: checked.result === undefined ? undefined : readCondition(checked.result),
    };
    rest = checked;
  } else {
    const checked = reader.check(toolSchemas.script, raw, path, known, laterKeys.nested);
    if (!checked) return undefined;
    if (!(scriptLanguages as readonly string[]).includes(checked.script)) {
      return refuse("L13", `Scripts in "${checked.script}" are not known to this version. Use javascript.`, [
        "script",
      ]);
    }
    body = { kind: "script", language: checked.script, code: checked.code };
    rest = checked;
  }
  return {
    name,
    title: rest.title,
    description: rest.description,
    risk: rest.risk ?? "low",
    idempotent: rest.idempotent ?? (body.kind === "http" && ["GET", "HEAD"].includes(body.method)),
    approval: readApproval(rest.approval),
    input: shapes.input ?? emptyShape,
    output: shapes.returns,
    timeout: milliseconds(rest.timeout),
    body,
  };
}

const emptyShape: Shape = {
  fields: [],
  schema: { type: "object", properties: {}, additionalProperties: false },
};

function readShape(
  reader: FlowReader,
  raw: Record<string, unknown>,
  path: readonly string[],
  key: string,
): Shape | undefined {
  return isObject(raw[key]) ? reader.shape(raw[key], [...path, key]) : undefined;
}

type WrittenApproval = NonNullable<ReturnType<(typeof toolSchemas.http)["parse"]>["approval"]>;

/** `always`: each call; `never`: none, even at high risk; a map: when the condition holds. */
function readApproval(written: WrittenApproval | undefined): ToolApproval | undefined {
  if (written === undefined) return undefined;
  if (written === "always") return { when: undefined, by: readBy(undefined) };
  if (written === "never") return { when: "false", by: readBy(undefined) };
  return {
    when: written.when === undefined ? undefined : readCondition(written.when),
    by: readBy(written.by),
  };
}
