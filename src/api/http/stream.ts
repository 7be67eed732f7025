import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { BatonError, type Json, type JsonObject, type RunId } from "#base/index.ts";
import type { RunEvent, Text } from "#flow/machine/index.ts";
import { headersOf, hiddenOfRun, type Scope } from "#governance/index.ts";
import { getRun, largeValue, runEvents } from "#journal/index.ts";
import { revisionText } from "#library/index.ts";
import type { ApiDeps } from "../deps.ts";
import { errorData, toBatonError } from "../errors.ts";
import { whileAllowed } from "../live.ts";
import { redactChunks } from "../run/chunks.ts";
import { answerError, scopeOfRequest } from "./answer.ts";

type Item = { readonly n: number; readonly chunk: Json };

/** A line that keeps proxies from closing a silent stream is sent this often, in milliseconds. */
const keepAliveMs = 15_000;

/**
 * Serves `GET /api/runs/:run/streams/:key?from=n`: what a model call says while it says it, as the AI SDK's UI message
 * stream over server-sent events, each with its position as `id`. Goes on after `Last-Event-ID`, or from `from`. A
 * call that is over is answered from the journal, as one message; then every position is the beginning. Ends with
 * `[DONE]`. When the session ends meanwhile, the last data line is `{ type: "error" }` and no `[DONE]` follows.
 */
export function createStreamHandler(
  deps: ApiDeps,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    let keepAlive: NodeJS.Timeout | undefined;
    try {
      const { run: id, key, from } = readRequest(request);
      const scope = await scopeOfRequest(deps, request);
      const run = await getRun(deps.db, scope, id);
      const hidden = await hiddenOfRun(
        deps.db,
        scope,
        run,
        await revisionText(deps.db, scope, run.revisionId),
      );
      const finished = await finishedMessage(deps, scope, await runEvents(deps.db, scope, run.id), key);

      response.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-transform",
        "x-vercel-ai-ui-message-stream": "v1",
        "x-accel-buffering": "no",
      });
      response.flushHeaders();
      keepAlive = setInterval(() => response.write(": still here\n\n"), keepAliveMs);
      const ctx = { deps, scope, headers: headersOf(request) };
      const items = whileAllowed(
        ctx,
        "workspace.see",
        gone.signal,
        async function* (until): AsyncGenerator<Item> {
          if (finished !== null) yield* finished.map((chunk, n) => ({ n, chunk: hidden.json(chunk) }));
          else if (!hidden.any) yield* deps.watcher.watchStream(run.id, key, from, until);
          else {
            // A value may begin before the position asked for, so it is looked for from the beginning.
            const all = deps.watcher.watchStream(run.id, key, 0, until);
            for await (const item of redactChunks(all, hidden.redactor)) if (item.n >= from) yield item;
          }
        },
      );
      for await (const { n, chunk } of items) {
        if (!response.write(`id: ${n}\ndata: ${JSON.stringify(chunk)}\n\n`)) {
          await once(response, "drain", { signal: gone.signal });
        }
      }
      response.end("data: [DONE]\n\n");
    } catch (error) {
      if (gone.signal.aborted) return;
      if (!response.headersSent) {
        answerError(response, error);
        return;
      }
      const { code, message, hint } = errorData(toBatonError(error));
      response.end(`data: ${JSON.stringify({ type: "error", errorText: message, code, hint })}\n\n`);
    } finally {
      clearInterval(keepAlive);
    }
  };
}

function readRequest(request: IncomingMessage): { run: RunId; key: string; from: number } {
  const url = new URL(request.url ?? "/", "http://baton");
  const match = /^\/api\/runs\/([^/]+)\/streams\/([^/]+)$/.exec(url.pathname);
  const [, run, key] = match ?? [];
  if (run === undefined || key === undefined) throw new BatonError("not-found", "There is no such stream.");
  const last = request.headers["last-event-id"];
  const from =
    typeof last === "string" && /^\d{1,9}$/.test(last)
      ? Number(last) + 1
      : Number(url.searchParams.get("from") ?? 0);
  if (!Number.isInteger(from) || from < 0) {
    throw new BatonError("bad-input", "A stream goes on from a whole number, 0 or more.");
  }
  try {
    return { run: decodeURIComponent(run) as RunId, key: decodeURIComponent(key), from };
  } catch {
    throw new BatonError("not-found", "There is no such stream.");
  }
}

/** The message of a model call that is over, or null while it is under way or was never begun. */
async function finishedMessage(
  deps: ApiDeps,
  scope: Scope,
  events: readonly RunEvent[],
  key: string,
): Promise<JsonObject[] | null> {
  for (const { body } of events) {
    if (body.type === "model-call-failed" && body.key === key) {
      return [
        { type: "start", messageId: key },
        { type: "error", errorText: body.error.message },
      ];
    }
    if (body.type !== "model-call-finished" || body.key !== key) continue;
    const part = (kind: "reasoning" | "text", text: string): JsonObject[] =>
      text === ""
        ? []
        : [
            { type: `${kind}-start`, id: kind },
            { type: `${kind}-delta`, id: kind, delta: text },
            { type: `${kind}-end`, id: kind },
          ];
    return [
      { type: "start", messageId: key },
      { type: "start-step" },
      ...part("reasoning", await wholeText(deps, scope, body.reasoning)),
      ...part("text", await wholeText(deps, scope, body.text)),
      ...body.toolCalls.map(({ callId, tool, args }): JsonObject => ({
        type: "tool-input-available",
        toolCallId: callId,
        toolName: tool,
        input: args,
        dynamic: true,
      })),
      { type: "finish-step" },
      { type: "finish" },
    ];
  }
  return null;
}

async function wholeText(deps: ApiDeps, scope: Scope, text: Text): Promise<string> {
  if (typeof text === "string") return text;
  const whole = await largeValue(deps.db, scope, text.$blob.hash);
  return typeof whole === "string" ? whole : "";
}
