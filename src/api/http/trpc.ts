import type { IncomingMessage, ServerResponse } from "node:http";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import { BatonError } from "#base/index.ts";
import { headersOf } from "#governance/index.ts";
import { log } from "#platform/index.ts";
import type { ApiDeps } from "../deps.ts";
import { appRouter } from "../router.ts";

/** Where the verbs are served. */
export const trpcPath = "/api/trpc/";

/** Greatest request of a verb, in bytes. Texts of flows are the longest things that come this way. */
const maxBody = 4 * 1024 * 1024;

/** Serves `/api/trpc/*`: queries, mutations, and subscriptions as server-sent events. */
export function createTrpcHandler(
  deps: ApiDeps,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://baton");
    const path = pathname.startsWith(trpcPath) ? pathname.slice(trpcPath.length) : "";
    await nodeHTTPRequestHandler({
      router: appRouter,
      req: request,
      res: response,
      path,
      maxBodySize: maxBody,
      maxBatchSize: 50,
      // Texts of flows are too long for an address: queries may come as POST.
      allowMethodOverride: true,
      createContext: () => ({ deps, headers: headersOf(request) }),
      onError({ error, path: verb }) {
        if (!BatonError.isInstance(error.cause) && error.code === "INTERNAL_SERVER_ERROR") {
          log.error({ error: (error.cause ?? error).stack, verb }, "a verb failed");
        }
      },
    });
  };
}
