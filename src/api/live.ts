import { BatonError } from "#base/index.ts";
import { authorize, type Permission, type Scope } from "#governance/index.ts";
import { toTrpcError } from "./errors.ts";
import { scopeOf, type Context } from "./trpc.ts";

/**
 * Follows a source for as long as the session that began it is in force and has the permission: checked at an
 * interval, and at once when a sign-out, a removal or a change of roles is told. When it ends, so does the source,
 * with "unauthenticated" or "forbidden".
 */
export async function* whileAllowed<Item>(
  ctx: Context & { readonly scope: Scope },
  permission: Permission,
  outer: AbortSignal | undefined,
  source: (signal: AbortSignal) => AsyncIterable<Item>,
): AsyncGenerator<Item> {
  const { deps, scope } = ctx;
  authorize(scope, permission);
  const stop = new AbortController();
  const signal = outer === undefined ? stop.signal : AbortSignal.any([outer, stop.signal]);
  let refused: BatonError | null = null;
  let checking = false;

  const check = async (): Promise<void> => {
    if (checking || signal.aborted) return;
    checking = true;
    try {
      const now = await scopeOf(ctx);
      if (now.workspaceId !== scope.workspaceId) throw gone();
      authorize(now, permission);
    } catch (error) {
      // A database that is away for a moment ends nobody's session: the next check decides.
      if (BatonError.isInstance(error)) {
        refused = error.code === "not-found" ? gone() : error;
        stop.abort();
      }
    } finally {
      checking = false;
    }
  };
  const unlisten = await deps.listener.listen("workspace", (payload) => {
    if (payload === `* session ${scope.actor.id}`) void check();
  });
  const timer = setInterval(() => void check(), deps.recheckMs);
  try {
    for await (const item of source(signal)) {
      if (refused !== null) break;
      yield item;
    }
    if (refused !== null) throw toTrpcError(refused);
  } finally {
    clearInterval(timer);
    unlisten();
    stop.abort();
  }
}

function gone(): BatonError {
  return new BatonError("forbidden", "You are no longer a member of this workspace.", {
    hint: "Ask an admin to invite you again.",
  });
}

/** News that wait to be read: each once, however often it was told meanwhile. */
export function createMailbox<Item>(key: (item: Item) => string) {
  const waiting = new Map<string, Item>();
  let wake: (() => void) | null = null;
  return {
    put(item: Item): void {
      waiting.set(key(item), item);
      wake?.();
    },
    async *read(signal: AbortSignal): AsyncGenerator<Item> {
      const onAbort = (): void => wake?.();
      signal.addEventListener("abort", onAbort);
      try {
        while (!signal.aborted) {
          const items = [...waiting.values()];
          waiting.clear();
          yield* items;
          if (waiting.size > 0 || signal.aborted) continue;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
  };
}
