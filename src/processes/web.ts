/** Serves pages, the API and streams. Runs no agent and no tool. */
import {
  createApiDeps,
  createHookHandler,
  createStreamHandler,
  createTrpcHandler,
  createUploadHandler,
  createValueHandler,
  trpcPath,
} from "#api/index.ts";
import { createLiveServer, livePath } from "#collab/index.ts";
import { flowJsonSchema } from "#flow/index.ts";
import { createAuthHandler } from "#governance/index.ts";
import { measureJournal } from "#journal/index.ts";
import { draftKind } from "#library/index.ts";
import { createSettler, sharedMemoryKind } from "#memory/index.ts";
import {
  createListener,
  installationSealer,
  measurePool,
  measureProcess,
  openDatabase,
  settings as readSettings,
} from "#platform/index.ts";
import { hooksPath } from "#triggers/index.ts";
import { live } from "./lifetime.ts";
import { namesToken, sendMetrics } from "./monitor.ts";
import { openPages } from "./web/pages.ts";
import { originsOf } from "./web/security.ts";
import { createWeb, type Route, send } from "./web/server.ts";

async function begin(): Promise<{ stop(): Promise<void> }> {
  const settings = readSettings();
  const { databaseUrl, host, port, url } = settings;
  if (databaseUrl === undefined) throw new Error("web needs DATABASE_URL; `npm start` sets it.");
  const dev = process.env["BATON_DEV"] === "1";
  const db = openDatabase(databaseUrl, { connections: 20, name: "baton web" });
  const listener = createListener(databaseUrl);
  const origins = originsOf({ host, port, url });
  const deps = createApiDeps({
    db,
    listener,
    url,
    trustedOrigins: origins.all,
    secret: installationSealer().derive("sessions"),
    maxUpload: settings.maxUpload,
    providers: settings.providers,
  });
  const schema = flowJsonSchema();
  const routes: readonly Route[] = [
    { path: trpcPath, methods: ["GET", "POST"], maxBody: 4 * 1024 * 1024, handle: createTrpcHandler(deps) },
    {
      path: "/api/auth/",
      methods: ["GET", "POST"],
      maxBody: 64 * 1024,
      handle: createAuthHandler(deps.auth),
    },
    // Bodies are counted while they are read, so that the answer says what is too much.
    { path: hooksPath, methods: ["POST"], maxBody: Infinity, handle: createHookHandler(deps) },
    { path: "/api/files", methods: ["POST"], maxBody: Infinity, handle: createUploadHandler(deps) },
    { path: /^\/api\/runs\/[^/]+\/streams\/[^/]+$/, methods: ["GET"], handle: createStreamHandler(deps) },
    { path: /^\/api\/runs\/[^/]+\/values\/[^/]+$/, methods: ["GET"], handle: createValueHandler(deps) },
    {
      path: "/schema/flow.json",
      methods: ["GET", "HEAD"],
      handle: (_, response) => send(response, 200, schema),
    },
    {
      path: "/api/",
      handle: (_, response) =>
        send(response, 404, {
          error: { code: "not-found", message: "There is no such endpoint.", hint: null },
        }),
    },
  ];
  const settler = createSettler(deps.live, Date.now);
  const documents = createLiveServer({
    db,
    listener,
    identity: deps.identity,
    kinds: [draftKind(db), sharedMemoryKind(db, { typed: settler.typed })],
    hasOrigin: origins.hasOrigin,
  });
  const pages = await openPages({ dev, host, port });
  const web = createWeb({
    origins,
    https: url.startsWith("https:"),
    routes,
    pages: pages.handle,
    upgrade(request, socket, head) {
      if (request.url?.startsWith(livePath) === true) documents.upgrade(request, socket, head);
      else if (dev) pages.upgrade(request, socket, head);
      else socket.destroy();
    },
    check: async () => void (await db.pool.query("select 1")),
    dev,
    async metrics(request, response) {
      const { metricsToken } = settings;
      if (metricsToken === undefined) return false;
      if (namesToken(request, metricsToken)) await sendMetrics(response);
      else send(response, 401, { ok: false });
      return true;
    },
  });
  measureProcess("web");
  measurePool(db.pool);
  measureJournal(db);
  await web.listen(host, port);
  return {
    async stop() {
      await Promise.all([documents.close(), web.stop()]);
      await settler.close();
      await deps.live.close();
      await pages.close();
      deps.watcher.close();
      await listener.close();
      await db.close();
    },
  };
}

await live(begin);
