/** The web process of the load benchmark: one member, two flows, and the API as production serves it. */
import { type AddressInfo, createServer } from "node:net";
import { createApiDeps, createTrpcHandler, trpcPath } from "#api/index.ts";
import { publish } from "#library/index.ts";
import { createListener, openDatabase } from "#platform/index.ts";
import { originsOf } from "../src/processes/web/security.ts";
import { createWeb, send } from "../src/processes/web/server.ts";
import { email, makeMember, password } from "./member.ts";

const [, , databaseUrl = ""] = process.argv;
const host = "127.0.0.1";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const flowOf = (tasks: number): string =>
  [
    `id: tasks-${tasks}`,
    "tasks:",
    ...Array.from(
      { length: tasks },
      (_, i) => `  - id: step${i}\n    tool: notify\n    with: { to: auditor, text: "Step ${i}" }`,
    ),
  ].join("\n");

const port = await freePort();
const url = `http://${host}:${port}`;
const db = openDatabase(databaseUrl, { connections: 20 });
const listener = createListener(databaseUrl);
const deps = createApiDeps({
  db,
  listener,
  url,
  secret: "0123456789abcdef0123456789abcdef",
  maxUpload: 1024,
});
const scope = await makeMember(db);
for (const tasks of [2, 10]) await publish(db, scope, { text: flowOf(tasks), message: "", into: "any" });
const signedIn = await deps.auth.api.signInEmail({ body: { email, password }, asResponse: true });
const cookie = signedIn.headers
  .getSetCookie()
  .map((line) => line.split(";")[0])
  .join("; ");
const web = createWeb({
  origins: originsOf({ host, port, url }),
  https: false,
  routes: [
    { path: trpcPath, methods: ["GET", "POST"], maxBody: 4 * 1024 * 1024, handle: createTrpcHandler(deps) },
  ],
  pages: (_, response) => send(response, 404, {}),
  check: () => Promise.resolve(),
});
await web.listen(host, port);
process.send?.({ url, cookie });
process.on("disconnect", () => process.exit(0));
