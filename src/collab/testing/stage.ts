import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { BatonError, type WorkspaceId } from "#base/index.ts";
import { type Identity, memberScope, type Role, type Scope, workspaceHeader } from "#governance/index.ts";
import { createListener, type Database, openDatabase } from "#platform/index.ts";
import { flowKind } from "../kinds/flow.ts";
import { memoryKind } from "../kinds/memory.ts";
import type { DocumentKind, Refusal } from "../spec.ts";
import { createLiveServer, type LiveServer, type LiveServerOptions } from "../server/server.ts";

/** Who may ask, for tests: `session=ID` in the cookie. Roles by workspace. */
export type People = Map<string, { id: string; name: string; roles: Map<string, readonly Role[]> }>;

export function identityOf(people: People): Identity {
  return {
    scopeFromHeaders(headers) {
      const session = /session=(\w+)/.exec(headers.get("cookie") ?? "")?.[1] ?? "";
      const person = people.get(session);
      if (person === undefined) return Promise.resolve(null);
      const workspace = headers.get(workspaceHeader) ?? "";
      const roles = person.roles.get(workspace);
      if (roles === undefined)
        return Promise.reject(new BatonError("not-found", "There is no such workspace."));
      return Promise.resolve(scopeOf(person, workspace, roles));
    },
  };
}

export function scopeOf(
  person: { id: string; name: string },
  workspace: string,
  roles: readonly Role[],
): Scope {
  return memberScope(
    workspace as WorkspaceId,
    { kind: "user", id: person.id, name: person.name, email: `${person.id}@example.com` },
    roles,
  );
}

export const testWorkspace = "ws_test" as WorkspaceId;
export const testOrigin = "http://localhost:3030";

/** Keys that begin with "secret" are refused, and values that are not texts or numbers. */
export const testMemoryKind = memoryKind({
  entries: {
    key: (key) => (key.startsWith("secret") ? `"${key}" is outside what may be written.` : null),
    value: (key, value) =>
      value === undefined || typeof value === "string" || typeof value === "number" || Array.isArray(value)
        ? null
        : `"${key}" must be a text or a number.`,
  },
});

/** Documents of flows begin by themselves, empty, in the test workspace; those of `ws_other` in the other one. */
export const testKinds: readonly DocumentKind[] = [
  flowKind((subject) =>
    Promise.resolve(
      subject.startsWith("missing")
        ? null
        : {
            workspaceId: (subject.startsWith("other") ? "ws_other" : testWorkspace) as WorkspaceId,
            fill: (doc) => void doc.getText("yaml"),
          },
    ),
  ),
  { ...testMemoryKind, seed: () => Promise.resolve({ workspaceId: testWorkspace, fill: () => undefined }) },
];

/** A server of documents on a port of its own. */
export type Stage = {
  readonly url: string;
  readonly live: LiveServer;
  readonly db: Database;
  readonly refusals: Refusal[];
  /** Resolves with the first refusal for the reason. */
  refusal(reason: Refusal["reason"]): Promise<Refusal>;
  /** Cuts all connections, as a network does. */
  cut(): void;
  close(): Promise<void>;
};

export async function openStage(
  databaseUrl: string,
  people: People,
  options: Partial<LiveServerOptions> = {},
  port = 0,
): Promise<Stage> {
  const db = openDatabase(databaseUrl, { connections: 6 });
  const listener = createListener(databaseUrl);
  const refusals: Refusal[] = [];
  const waiting = new Set<() => void>();
  const live = createLiveServer({
    db,
    listener,
    identity: identityOf(people),
    kinds: testKinds,
    hasOrigin: (origin) => origin === testOrigin,
    refused(refusal) {
      refusals.push(refusal);
      for (const wake of waiting) wake();
    },
    ...options,
  });
  const sockets = new Set<Socket>();
  const server: Server = createServer((_request, response) => response.end());
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket, head) => live.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${address.port}`,
    live,
    db,
    refusals,
    async refusal(reason) {
      for (;;) {
        const found = refusals.find((each) => each.reason === reason);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      await live.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await listener.close();
      await db.close();
    },
  };
}

/** A WebSocket that comes with a session, as a browser's does. */
export function socketOf(session: string, origin = testOrigin): typeof globalThis.WebSocket {
  class SessionSocket extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { headers: { cookie: `session=${session}`, origin } });
    }
  }
  return SessionSocket as unknown as typeof globalThis.WebSocket;
}

/** Resolves once `is` holds; looks again whenever the document changes or anything else is told, and now and then. */
export async function until(is: () => boolean, what: string, ms = 30_000): Promise<void> {
  const end = performance.now() + ms;
  while (!is()) {
    if (performance.now() > end) throw new Error(`In ${ms} ms it did not come about that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What two replicas must have in common: contents, and what they know. */
export function fingerprint(doc: Y.Doc): string {
  const vector = [...Y.decodeStateVector(Y.encodeStateVector(doc))].toSorted(([a], [b]) => a - b);
  const entries = Object.entries(doc.getMap("entries").toJSON()).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([doc.getText("yaml").toJSON(), entries, vector]);
}
