// A server of documents in a process of its own, for tests that kill it: `serve.ts DATABASE_URL PORT`.
import { openStage, type People, testWorkspace } from "./stage.ts";

const [, , databaseUrl = "", port = "0"] = process.argv;
const people: People = new Map(
  ["ada", "bob", "eve"].map((name) => [
    name,
    { id: `user_${name}`, name, roles: new Map([[testWorkspace, ["builder"] as const]]) },
  ]),
);
const stage = await openStage(databaseUrl, people, {}, Number(port));
process.send?.({ url: stage.url });
process.on("disconnect", () => process.exit(0));
