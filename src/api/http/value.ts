import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BatonError, type RunId } from "#base/index.ts";
import { hiddenOfRun } from "#governance/index.ts";
import { getRun, largeValue } from "#journal/index.ts";
import { revisionText } from "#library/index.ts";
import type { ApiDeps } from "../deps.ts";
import { answerError, scopeOfRequest } from "./answer.ts";

/** Of a value, so many characters are handed to the connection at a time. */
const pieceLength = 65_536;

/**
 * Serves `GET /api/runs/:run/values/:hash`: a large value of a run whole, to whoever may see the run. A text is answered
 * as plain text, anything else as JSON; browsers show it and never take it for anything else.
 */
export function createValueHandler(
  deps: ApiDeps,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    try {
      const { run: id, hash } = readRequest(request);
      const scope = await scopeOfRequest(deps, request);
      const run = await getRun(deps.db, scope, id);
      const hidden = await hiddenOfRun(
        deps.db,
        scope,
        run,
        await revisionText(deps.db, scope, run.revisionId),
      );
      const value = hidden.json(await largeValue(deps.db, scope, hash));
      const isText = typeof value === "string";
      const text = isText ? value : JSON.stringify(value, null, 2);
      response.writeHead(200, {
        "content-type": isText ? "text/plain; charset=utf-8" : "application/json; charset=utf-8",
        "content-disposition": `inline; filename="${hash.slice(0, 12)}.${isText ? "txt" : "json"}"`,
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
      });
      await pipeline(Readable.from(pieces(text)), response);
    } catch (error) {
      if (!response.headersSent) answerError(response, error);
      else response.destroy();
    }
  };
}

function* pieces(text: string): Generator<Buffer> {
  for (let at = 0; at < text.length;) {
    let end = Math.min(at + pieceLength, text.length);
    // A pair of surrogates is one character: it is not cut in two.
    if (end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end += 1;
    yield Buffer.from(text.slice(at, end));
    at = end;
  }
}

function readRequest(request: IncomingMessage): { run: RunId; hash: string } {
  const { pathname } = new URL(request.url ?? "/", "http://baton");
  const [, run, hash] = /^\/api\/runs\/([^/]+)\/values\/([^/]+)$/.exec(pathname) ?? [];
  if (run === undefined || hash === undefined) throw new BatonError("not-found", "There is no such value.");
  return { run: run as RunId, hash };
}
