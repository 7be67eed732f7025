// A server of documents in a process of its own, for tests that kill it: `serve.ts DATABASE_URL PORT OPTIONS`.
import type { LiveServerOptions } from "../server/server.ts";
import { openStage, type People, testWorkspace } from "./stage.ts";

const [, , databaseUrl = "", port = "0", options = "{}"] = process.argv;
const people: People = new Map(
  ["ada", "bob", "cyd", "dan", "eve"].map((name) => [
    name,
    { id: `user_${name}`, name, roles: new Map([[testWorkspace, ["builder"] as const]]) },
  ]),
);
const stage = await openStage(
  databaseUrl,
  people,
  JSON.parse(options) as Partial<LiveServerOptions>,
  Number(port),
);
process.on("message", (message) => {
  if (message === "cut") stage.cut();
  if (message === "refusals") process.send?.({ refusals: stage.refusals });
});
process.send?.({ url: stage.url });
process.on("disconnect", () => process.exit(0));
