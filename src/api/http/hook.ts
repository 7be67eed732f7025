import type { IncomingMessage, ServerResponse } from "node:http";
import { BatonError } from "#base/index.ts";
import { hooksPath, largestCall, receiveCall, type TriggerDeps } from "#triggers/index.ts";
import { startsOf } from "../run/starting.ts";
import type { ApiDeps } from "../deps.ts";
import { answerError, answerJson } from "./answer.ts";

/** Serves `POST /hooks/TOKEN`: calls from outside that start runs. Whoever calls has no session; the token lets them in. */
export function createHookHandler(
  deps: Pick<ApiDeps, "db">,
  now?: TriggerDeps["now"],
): (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> {
  const triggers: TriggerDeps = {
    db: deps.db,
    starts: startsOf(deps.db),
    ...(now === undefined ? {} : { now }),
  };
  return async (request, response, url) => {
    try {
      const body = await readBody(request);
      const token = url.pathname.slice(hooksPath.length);
      const call = { body, headers: headersOf(request), query: url.searchParams };
      const answer = await receiveCall(triggers, token, call);
      if (answer.retryAfter !== undefined) response.setHeader("retry-after", String(answer.retryAfter));
      answerJson(response, answer.status, answer.body);
    } catch (error) {
      request.resume();
      answerError(response, error);
    }
  };
}

function headersOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  if (Number(request.headers["content-length"] ?? 0) > largestCall) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestCall) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): BatonError {
  return new BatonError("too-large", `A call may have at most ${largestCall / 1024 / 1024} MB.`, {
    hint: "Send a reference to the data in its place.",
  });
}
