import { type Json, type JsonObject, type WorkspaceId, isObject } from "#base/index.ts";
import type { OutboundFetch } from "#platform/index.ts";
import { exchange, refuseFailure } from "../http.ts";
import type { Tool, ToolContext } from "../spec.ts";
import { objectArguments, textOf } from "./arguments.ts";

/** The outbound client of a workspace. */
export type FetchOf = (workspace: WorkspaceId) => Promise<OutboundFetch>;

const url: JsonObject = {
  type: "string",
  minLength: 1,
  maxLength: 8_000,
  title: "Address",
  description: "Full address with https:// or http://.",
};
const query: JsonObject = {
  type: "object",
  title: "Query",
  description: "Parameters that are appended to the address.",
};
const headers: JsonObject = { type: "object", title: "Headers", additionalProperties: { type: "string" } };
const acceptErrors: JsonObject = {
  type: "boolean",
  default: false,
  description: "Whether an answer with a status of 400 or more is a result. Otherwise the call fails.",
};

const outputSchema: JsonObject = {
  type: "object",
  properties: {
    status: { type: "integer" },
    headers: { type: "object" },
    text: { type: ["string", "null"], description: "The body as text; null when it is JSON." },
    json: { description: "The body as JSON, or null when it is none." },
  },
  required: ["status", "headers", "text", "json"],
};

export function httpTools(fetchOf: FetchOf): readonly Tool[] {
  const send = async (
    name: string,
    method: string,
    args: JsonObject,
    context: ToolContext,
  ): Promise<Json> => {
    const address = textOf(name, args, "url");
    const answer = await exchange(
      await fetchOf(context.workspace),
      {
        method,
        url: address,
        query: isObject(args["query"]) ? (args["query"] as JsonObject) : {},
        headers: isObject(args["headers"]) ? stringValues(args["headers"] as JsonObject) : {},
        body: args["body"],
      },
      { key: context.key, signal: context.signal },
    );
    if (args["acceptErrors"] !== true) refuseFailure(answer, address, context.now());
    // Not both: a body that is JSON would count twice, in size and in what a model has to read.
    return { ...answer, text: answer.json === null ? answer.text : null };
  };
  return [
    {
      name: "http.get",
      title: "Fetch a web address",
      description:
        "Fetches a web address with GET and answers its status, headers and body as text and JSON. Changes nothing.",
      risk: "low",
      effect: "none",
      inputSchema: {
        type: "object",
        properties: { url, query, headers, acceptErrors },
        required: ["url"],
        additionalProperties: false,
      },
      outputSchema,
      idempotent: true,
      takesKey: false,
      timeoutMs: 30_000,
      call: (input, context) => send("http.get", "GET", objectArguments("http.get", input), context),
    },
    {
      name: "http.request",
      title: "Send an HTTP request",
      description:
        "Sends an HTTP request with any method, headers and body, and answers status, headers and body as text and JSON. Use http.get where only reading is needed.",
      risk: "medium",
      effect: { noneWhere: { argument: "method", beginsWith: ["GET", "HEAD", "OPTIONS"] } },
      inputSchema: {
        type: "object",
        properties: {
          url,
          method: {
            enum: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
            default: "GET",
            title: "Method",
          },
          query,
          headers,
          body: { title: "Body", description: "Text is sent as it stands, anything else as JSON." },
          acceptErrors,
        },
        required: ["url"],
        additionalProperties: false,
      },
      outputSchema,
      idempotent: false,
      // The key is sent, but few servers heed it: after a crash in mid-call a person is asked rather than a POST repeated.
      takesKey: false,
      timeoutMs: 30_000,
      call: (input, context) => {
        const args = objectArguments("http.request", input);
        const method = args["method"];
        return send("http.request", typeof method === "string" ? method : "GET", args, context);
      },
    },
  ];
}

function stringValues(values: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}
