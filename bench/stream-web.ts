/** The web process of the stream benchmark: one member, one run, and the route that streams. */
import { type AddressInfo, createServer } from "node:net";
import { createApiDeps, createStreamHandler, startRun } from "#api/index.ts";
import { addMember, createUser, createWorkspace, memberScope } from "#governance/index.ts";
import { publish } from "#library/index.ts";
import { createListener, openDatabase, transaction } from "#platform/index.ts";
import { originsOf } from "../src/processes/web/security.ts";
import { createWeb, send } from "../src/processes/web/server.ts";

const [, , databaseUrl = ""] = process.argv;
const host = "127.0.0.1";
const email = "ada@example.com";
const password = "correct horse battery";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

process.env["BATON_SECRET_KEY"] ??= "a key that only this benchmark uses";
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
const scope = await transaction(db, async (tx) => {
  const workspace = await createWorkspace(tx, "Bench");
  const id = await createUser(tx, { name: "Ada", email, password });
  const made = memberScope(workspace, { kind: "user", id, name: "Ada", email }, ["owner"]);
  await addMember(tx, made, id, ["owner"]);
  return made;
});
await publish(db, scope, {
  text: "id: stream\nagents:\n  writer: { instructions: Write. }\ntasks:\n  - id: write\n    agent: writer\n    prompt: Write.\n",
  message: "",
  into: "any",
});
const { id: run } = await startRun(db, scope, { slug: "stream", inputs: {} });
const signedIn = await deps.auth.api.signInEmail({ body: { email, password }, asResponse: true });
const cookie = signedIn.headers
  .getSetCookie()
  .map((line) => line.split(";")[0])
  .join("; ");
const web = createWeb({
  origins: originsOf({ host, port, url }),
  https: false,
  routes: [
    { path: /^\/api\/runs\/[^/]+\/streams\/[^/]+$/, methods: ["GET"], handle: createStreamHandler(deps) },
  ],
  pages: (_, response) => send(response, 404, {}),
  check: () => Promise.resolve(),
});
await web.listen(host, port);
process.send?.({ url, run, cookie });
process.on("disconnect", () => process.exit(0));
