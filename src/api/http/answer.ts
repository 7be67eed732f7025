import type { IncomingMessage, ServerResponse } from "node:http";
import { BatonError } from "#base/index.ts";
import { headersOf, type Scope } from "#governance/index.ts";
import { log } from "#platform/index.ts";
import type { ApiDeps } from "../deps.ts";
import { errorData, statusOf, toBatonError } from "../errors.ts";
import { scopeOf } from "../trpc.ts";

/** Who asks; "unauthenticated" without a session in force. */
export function scopeOfRequest(deps: ApiDeps, request: IncomingMessage): Promise<Scope> {
  return scopeOf({ deps, headers: headersOf(request) });
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
  });
  response.end(JSON.stringify(body));
}

/** Answers `{ error: { code, message, hint, details } }`. What is no BatonError goes to the log and is not told. */
export function answerError(response: ServerResponse, error: unknown): void {
  const told = toBatonError(error);
  if (!BatonError.isInstance(error))
    log.error({ error: error instanceof Error ? error.stack : String(error) }, "a request failed");
  answerJson(response, statusOf(told), { error: errorData(told) });
}
