import { BatonError, type Json } from "#base/index.ts";

/** What comes in from outside: its raw bytes, and what came with them. Names of headers are in lower case. */
export type HookCall = {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
};

/** Largest body of a call, in bytes. */
export const largestCall = 1024 * 1024;

/** Headers that expressions may not read: they let somebody in elsewhere, or say nothing of the call. */
const hidden = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "baton-signature",
  "x-hub-signature-256",
]);

/** The `body`, `headers` and `query` that expressions know. */
export function contentOf(call: HookCall): {
  body: Json;
  headers: Record<string, string>;
  query: Record<string, Json>;
} {
  return {
    body: bodyOf(call),
    headers: Object.fromEntries(Object.entries(call.headers).filter(([name]) => !hidden.has(name))),
    query: fieldsOf(call.query),
  };
}

/** JSON becomes its value, a form a map of its fields, text itself; nothing at all null. */
function bodyOf({ body, headers }: HookCall): Json {
  const type = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (body.length === 0) return null;
  const text = readText(body);
  if (type === "application/json" || type.endsWith("+json")) return readJson(text);
  if (type === "application/x-www-form-urlencoded") return fieldsOf(new URLSearchParams(text));
  if (type === "text/plain" || type === "") return text;
  throw new BatonError("bad-input", `Calls of the type "${type}" are not read.`, {
    hint: "Send application/json, application/x-www-form-urlencoded or text/plain.",
    details: { status: 415 },
  });
}

function readText(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (cause) {
    throw new BatonError("bad-input", "The body is not UTF-8.", { cause });
  }
}

function readJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new BatonError("bad-input", "The body is not JSON, though its type says so.", {
      hint: "Send JSON, or another content-type.",
      cause,
    });
  }
}

/** A field that comes several times is a list. */
function fieldsOf(fields: URLSearchParams): Record<string, Json> {
  const read: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const name of new Set(fields.keys())) {
    const all = fields.getAll(name);
    read[name] = all.length === 1 ? (all[0] ?? "") : all;
  }
  return { ...read };
}
