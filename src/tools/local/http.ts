import { BatonError, type Json, type JsonObject, isObject } from "#base/index.ts";
import {
  type LocalTool,
  type LocalToolBody,
  evaluateExpression,
  evaluateTemplate,
  textOfValue,
} from "#flow/index.ts";
import type { FetchOf } from "../builtin/http.ts";
import { exchange, refuseFailure } from "../http.ts";
import { resolveSecrets, secretsNamedIn } from "../secrets.ts";
import type { ToolContext } from "../spec.ts";

type HttpBody = Extract<LocalToolBody, { kind: "http" }>;

/**
 * Calls an `http` tool of a flow: its templates are filled in with `args`, then the secrets that they name. With
 * `result` the answer is what that yields from `response` (`status`, `headers`, `text`, `json`); without it the body
 * as JSON, or as text. A status of 400 or more fails the call, unless `result` looks at `response.status` itself.
 */
export async function callHttpTool(
  tool: LocalTool,
  body: HttpBody,
  args: Json,
  context: ToolContext,
  fetchOf: FetchOf,
): Promise<Json> {
  const scope = { args: withAbsent(tool, args), now: context.now() };
  const named = secretsNamedIn([body.url, body.query, body.headers, body.body ?? null] as Json);
  const fill = async (template: Json): Promise<Json> =>
    resolveSecrets(
      evaluateTemplate(template, scope),
      (name) => context.secret(name),
      (name) => named.has(name),
    );

  const url = await fill(body.url);
  if (typeof url !== "string") {
    throw new BatonError("bad-input", `The address of the tool ${tool.name} is not a text.`);
  }
  const fixed = fixedOrigin(body.url);
  if (fixed !== null && URL.parse(url)?.origin !== fixed) {
    throw new BatonError(
      "forbidden",
      `The arguments of ${tool.name} would turn its request to another server.`,
    );
  }
  const query = (await fill(body.query as Json)) as Record<string, Json>;
  const headers = (await fill(body.headers as Json)) as Record<string, Json>;
  const answer = await exchange(
    await fetchOf(context.workspace),
    {
      method: body.method,
      url,
      query,
      headers: Object.fromEntries(
        Object.entries(headers)
          .filter(([, value]) => value !== null)
          .map(([name, value]) => [name, textOfValue(value)]),
      ),
      body: body.body === undefined ? undefined : await fill(body.body),
    },
    { key: context.key, signal: context.signal },
  );
  const looksAtStatus = body.result !== undefined && /\bresponse\s*\.\s*status\b/.test(body.result);
  if (!looksAtStatus) refuseFailure(answer, url, context.now());
  if (body.result === undefined) return answer.json ?? answer.text;
  return evaluateExpression(body.result, { ...scope, response: answer });
}

/** The arguments with those left out as null: a template may name every argument that the tool declares. */
function withAbsent(tool: LocalTool, args: Json): Json {
  if (!isObject(args)) return args;
  return {
    ...Object.fromEntries(tool.input.fields.map((field) => [field.name, null])),
    ...(args as JsonObject),
  };
}

/**
 * Scheme, host and port of an address whose text fixes them, or null when an expression is part of them. In
 * `https://example.com{{ args.path }}` the host is fixed: a path that begins with `.evil.example` does not change it.
 */
export function fixedOrigin(template: Json): string | null {
  if (typeof template !== "string") return null;
  const [before = "", after = ""] = [template.split("{{", 1)[0], template.split("}}", 2)[1]];
  const head = /^https?:\/\/[^/?#\s]+/i.exec(before.trim())?.[0];
  if (head === undefined) return null;
  const hostGoesOn = head.length === before.trim().length && /^[\w.:-]/.test(after);
  return hostGoesOn || /[.:-]$/.test(head) ? null : (URL.parse(head)?.origin ?? null);
}
