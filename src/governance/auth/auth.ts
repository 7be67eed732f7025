import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type * as BetterAuth from "better-auth";
import type * as BetterAuthApi from "better-auth/api";
import type * as BetterAuthPrisma from "better-auth/adapters/prisma";
import type * as BetterAuthNode from "better-auth/node";
import { notify, type Database, type Queryable } from "#platform/index.ts";
import { auditSession } from "./audit.ts";

/** What sign-in needs to know of the installation. */
export type AuthOptions = {
  /** The address that people type, with the real port: `http://localhost:4111`. Over https, cookies are secure. */
  readonly url: string;
  /** Further addresses from which pages may call. */
  readonly trustedOrigins?: readonly string[] | undefined;
  /** Signs cookies. At least 32 characters. */
  readonly secret: string;
  /** Attempts to sign in, per address and minute. 10 when left out. */
  readonly signInsPerMinute?: number | undefined;
};

/** Loaded when it is used: processes that nobody signs in to, such as workers, start and live without it. */
const load = createRequire(import.meta.url);

/** Shortest and longest password that is accepted. */
export const passwordLength = { least: 10, most: 200 } as const;

/**
 * Tells all processes that a user's sessions or membership ended or changed, so that what streams to them is checked
 * anew. On the channel "workspace", with "*" for the workspace.
 */
export async function tellSessionChanged(on: Queryable, user: string): Promise<void> {
  await notify(on, "workspace", `* session ${user}`);
}

/** Set from the socket by {@link createAuthHandler}; whatever a client sends under this name is dropped. */
const addressHeader = "x-baton-client-address";

/**
 * Sessions by e-mail and password. Accounts are made by setup and by invitation only, never by signing up. A session
 * lasts 14 days, however much it is used: what renews it would have to set a cookie on every kind of answer. Its end
 * is told to all processes.
 */
export function createAuth(db: Database, options: AuthOptions) {
  const secure = options.url.startsWith("https:");
  const { betterAuth } = load("better-auth") as typeof BetterAuth;
  const { createAuthMiddleware } = load("better-auth/api") as typeof BetterAuthApi;
  const { prismaAdapter } = load("better-auth/adapters/prisma") as typeof BetterAuthPrisma;
  return betterAuth({
    appName: "Baton",
    baseURL: options.url,
    basePath: "/api/auth",
    secret: options.secret,
    trustedOrigins: [options.url, ...(options.trustedOrigins ?? [])],
    database: prismaAdapter(db.prisma, { provider: "postgresql" }),
    telemetry: { enabled: false },
    logger: { level: "error" },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: passwordLength.least,
      maxPasswordLength: passwordLength.most,
    },
    session: { expiresIn: 14 * 86_400, disableSessionRefresh: true },
    rateLimit: {
      enabled: true,
      window: 60,
      max: 600,
      customRules: {
        "/sign-in/email": { window: 60, max: options.signInsPerMinute ?? 10 },
        "/get-session": false,
      },
    },
    hooks: {
      after: createAuthMiddleware(async (context) => {
        if (context.path !== "/sign-in/email") return;
        const { newSession } = context.context;
        const typed: unknown = (context.body as { email?: unknown } | undefined)?.email;
        await auditSession(db, {
          action: newSession ? "session.signed-in" : "session.sign-in-failed",
          who: newSession ? { id: newSession.user.id } : { email: typeof typed === "string" ? typed : "" },
          ...clientOf(context.headers),
        });
      }),
    },
    databaseHooks: {
      session: {
        delete: {
          after: async (session, context) => {
            await tellSessionChanged(db.pool, session.userId);
            if (context?.path !== "/sign-out") return;
            const from = clientOf(context.headers);
            await auditSession(db, { action: "session.signed-out", who: { id: session.userId }, ...from });
          },
        },
      },
    },
    advanced: {
      cookiePrefix: "baton",
      useSecureCookies: secure,
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax", secure },
      ipAddress: { ipAddressHeaders: [addressHeader] },
    },
  });
}

function clientOf(headers: Headers | undefined): { address: string; userAgent: string } {
  return { address: headers?.get(addressHeader) ?? "", userAgent: headers?.get("user-agent") ?? "" };
}

export type Auth = ReturnType<typeof createAuth>;

/** Serves `/api/auth/*`. The client's address is the socket's: a header could claim any. */
export function createAuthHandler(
  auth: Auth,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { toNodeHandler } = load("better-auth/node") as typeof BetterAuthNode;
  const handle = toNodeHandler(auth);
  return async (request, response) => {
    request.headers[addressHeader] = request.socket.remoteAddress ?? "unknown";
    await handle(request, response);
  };
}

/** The headers of a request as `scopeFromHeaders` reads them. */
export function headersOf(request: IncomingMessage): Headers {
  const { fromNodeHeaders } = load("better-auth/node") as typeof BetterAuthNode;
  return fromNodeHeaders(request.headers);
}
