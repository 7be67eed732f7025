import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { hashPassword, makeSignature } from "better-auth/crypto";
import type { ApprovalId, Json, RunId, UserId, WorkspaceId } from "#base/index.ts";
import { canonicalJson, type Ask } from "#flow/index.ts";
import { addMember, createWorkspace, memberScope, newId, type Role, type Scope } from "#governance/index.ts";
import { migrateQueue } from "#journal/index.ts";
import { publish } from "#library/index.ts";
import { approvalPort } from "#people/index.ts";
import { createListener, sha256, transaction } from "#platform/index.ts";
import { startTestDatabase } from "#platform/testing.ts";
import { toBatonError } from "./errors.ts";
import { createApiDeps, type ApiDeps, type ApiOptions } from "./deps.ts";
import { createCaller } from "./router.ts";
import { startRun } from "./run/starting.ts";

/** A member with a session. */
export type TestMember = {
  readonly id: UserId;
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly scope: Scope;
  readonly headers: Headers;
  readonly call: ReturnType<typeof createCaller>;
};

export type TestApi = Awaited<ReturnType<typeof startTestApi>>;

/** A flow that asks for nothing but a name. */
export const helloText = (id = "hello"): string => `id: ${id}
title: Hello ${id}
inputs: { name: { type: string, default: Ada }, token: { type: string, format: password, optional: true } }
tasks:
  - id: greet
    log: "Hello {{ inputs.name }}"
outputs: { greeting: "Hello {{ inputs.name }}" }
`;

let passwordHash: string | undefined;
export const testPassword = "correct horse battery";

/** The verbs over a database of their own, and ways to fill it. */
export async function startTestApi(options: Partial<ApiOptions> = {}) {
  // Stands for the key file of an installation.
  process.env["BATON_SECRET_KEY"] ??= "a key that only tests use";
  const database = await startTestDatabase();
  await migrateQueue(database.db);
  const listener = createListener(database.url);
  const deps: ApiDeps = createApiDeps({
    db: database.db,
    listener,
    url: "http://localhost:3030",
    secret: "0123456789abcdef0123456789abcdef",
    maxUpload: 1024 * 1024,
    recheckMs: 60_000,
    signInsPerMinute: 10_000,
    ...options,
  });
  const { db } = deps;
  let people = 0;
  const closers: (() => Promise<unknown>)[] = [];

  const workspace = (name: string): Promise<WorkspaceId> =>
    transaction(db, (tx) => createWorkspace(tx, name));

  const signIn = async (email: string): Promise<Headers> => {
    const response = await deps.auth.api.signInEmail({
      body: { email, password: testPassword },
      asResponse: true,
    });
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
    return new Headers({ cookie: cookies.join("; ") });
  };

  /** A session as signing in makes one, without the slow check of the password. */
  const beginSession = async (user: UserId): Promise<Headers> => {
    const context = await deps.auth.$context;
    const { token } = await context.internalAdapter.createSession(user);
    const signed = `${token}.${await makeSignature(token, context.secret)}`;
    return new Headers({ cookie: `${context.authCookies.sessionToken.name}=${encodeURIComponent(signed)}` });
  };

  const member = async (
    into: WorkspaceId,
    roles: readonly Role[],
    name = `Person ${people + 1}`,
  ): Promise<TestMember> => {
    people += 1;
    const email = `person${people}@example.com`;
    const id = newId("user");
    // Hashing is slow on purpose: once is enough.
    passwordHash ??= await hashPassword(testPassword);
    await transaction(db, async (tx) => {
      await tx.prisma.user.create({ data: { id, name, email, emailVerified: true } });
      const account = { id: newId("acct"), accountId: id, providerId: "credential", userId: id };
      await tx.prisma.account.create({ data: { ...account, password: passwordHash ?? null } });
      await addMember(tx, memberScope(into, { kind: "user", id, name, email }, roles), id, roles);
    });
    const headers = await beginSession(id);
    return {
      id,
      name,
      email,
      password: testPassword,
      headers,
      scope: memberScope(into, { kind: "user", id, name, email }, roles),
      call: createCaller({ deps, headers }),
    };
  };

  /** Starts a run of a small flow in the member's workspace. */
  const run = async (by: TestMember, slug = "hello", inputs: Record<string, Json> = {}): Promise<RunId> => {
    await publish(db, by.scope, { text: helloText(slug), message: "", into: "any" });
    return (await startRun(db, by.scope, { slug, inputs })).id;
  };

  /** Puts a question before people, as the engine does. */
  const ask = async (
    on: { run: RunId; workspace: WorkspaceId },
    change: Partial<Ask> & { id?: string; deadline?: number } = {},
  ): Promise<{ id: ApprovalId; hash: string }> => {
    const {
      id = `appr_${sha256(`${on.run}${Math.random()}`).slice(0, 26)}`,
      deadline = null,
      ...facts
    } = change;
    const question = {
      kind: "approval" as const,
      title: "Refund 40 EUR for order 7?",
      by: { roles: [], users: [], quorum: 1, excludeStarter: false },
      details: { order: "7" },
      decisions: [
        { decision: "approve", label: "Refund 40 EUR", tone: "primary" as const },
        { decision: "reject", label: "Keep the money", tone: "plain" as const },
      ],
      fields: null,
      comment: "onReject" as const,
      risk: null,
      call: null,
      ...facts,
    };
    const canonical = canonicalJson({ ...question, run: on.run });
    const hash = sha256(canonical);
    await approvalPort(db).open({
      ...on,
      path: "gate",
      approvalId: id,
      ask: { ...question, canonical, hash },
      deadline,
    });
    return { id: id as ApprovalId, hash };
  };

  /** Serves a handler on a free port. */
  const serve = async (
    handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  ): Promise<string> => {
    const server: Server = createServer((request, response) => void handler(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  return {
    database,
    deps,
    db,
    listener,
    workspace,
    member,
    run,
    ask,
    serve,
    signIn,
    anonymous: createCaller({ deps, headers: new Headers() }),
    async close() {
      for (const closer of closers) await closer();
      await deps.live.close();
      deps.watcher.close();
      await listener.close();
      await database.close();
    },
  };
}

/** The code of Baton's error that a promise fails with, "ok" when it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "ok";
  } catch (error) {
    return toBatonError(error).code;
  }
}

/** Baton's error that a promise fails with. */
export async function errorOf(promise: Promise<unknown>) {
  try {
    await promise;
  } catch (error) {
    return toBatonError(error);
  }
  throw new Error("It did not fail.");
}
