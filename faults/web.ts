/** The API as the web process serves it, without pages. Tells its address and a cookie of the site's person. */
import { type AddressInfo, createServer } from "node:net";
import { createApiDeps, createTrpcHandler, trpcPath } from "#api/index.ts";
import { createListener, openDatabase } from "#platform/index.ts";
import { live } from "../src/processes/lifetime.ts";
import { originsOf } from "../src/processes/web/security.ts";
import { createWeb, send } from "../src/processes/web/server.ts";
import { email, password } from "./site.ts";

const host = "127.0.0.1";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function begin(): Promise<{ stop(): Promise<void> }> {
  const databaseUrl = process.env["DATABASE_URL"] ?? "";
  const port = await freePort();
  const url = `http://${host}:${port}`;
  const db = openDatabase(databaseUrl, { connections: 10, name: "baton web" });
  const listener = createListener(databaseUrl);
  const secret = "0123456789abcdef0123456789abcdef";
  const deps = createApiDeps({ db, listener, url, secret, maxUpload: 1024 });
  const signedIn = await deps.auth.api.signInEmail({ body: { email, password }, asResponse: true });
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const maxBody = 4 * 1024 * 1024;
  const web = createWeb({
    origins: originsOf({ host, port, url }),
    https: false,
    routes: [{ path: trpcPath, methods: ["GET", "POST"], maxBody, handle: createTrpcHandler(deps) }],
    pages: (_, response) => send(response, 404, {}),
    check: () => Promise.resolve(),
  });
  await web.listen(host, port);
  process.send?.({ url, cookie });
  return {
    async stop() {
      await web.stop();
      deps.watcher.close();
      await listener.close();
      await db.close();
    },
  };
}

await live(begin);
