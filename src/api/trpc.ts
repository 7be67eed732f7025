import { initTRPC } from "@trpc/server";
import superjson from "superjson";
import { BatonError } from "#base/index.ts";
import type { Permission, Scope } from "#governance/index.ts";
import type { ApiDeps } from "./deps.ts";
import { errorData, toBatonError, toTrpcError } from "./errors.ts";

/** What a procedure takes: a permission, membership alone, or nothing at all. */
export type Requirement = Permission | "member" | "public";
export type Meta = { readonly permission: Requirement };
export type Context = { readonly deps: ApiDeps; readonly headers: Headers };

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    transformer: superjson,
    // Stacks are for the log, whatever NODE_ENV says.
    isDev: false,
    errorFormatter({ shape, error }) {
      const baton = toBatonError(error);
      return { ...shape, message: baton.message, data: { ...shape.data, baton: errorData(baton) } };
    },
    sse: {
      ping: { enabled: true, intervalMs: 5000 },
      client: { reconnectAfterInactivityMs: 20_000 },
    },
  });

/** Turns errors of Baton into those of the transport. */
const mapped = t.middleware(async ({ next }) => {
  const result = await next();
  if (!result.ok) throw toTrpcError(result.error);
  return result;
});

/** Who asks, as every verb takes it. */
const identified = mapped.unstable_pipe(async ({ ctx, next }) => {
  const scope = await scopeOf(ctx);
  return next({ ctx: { ...ctx, scope } });
});

/** The scope of a request; "unauthenticated" without a session in force. */
export async function scopeOf(ctx: Context): Promise<Scope> {
  const scope = await ctx.deps.identity.scopeFromHeaders(ctx.headers);
  if (scope === null) {
    throw new BatonError("unauthenticated", "You are not signed in, or your session ended.", {
      hint: "Sign in, then go on where you were.",
    });
  }
  return scope;
}

/**
 * The only ways to begin a procedure: each declares what it takes. The declaration is for those who list procedures;
 * what holds is `authorize` in the function that the verb calls, below every transport.
 */
export function verb(permission: Permission | "member") {
  return t.procedure.meta({ permission }).use(identified);
}
export function publicVerb() {
  return t.procedure.meta({ permission: "public" }).use(mapped);
}

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;
