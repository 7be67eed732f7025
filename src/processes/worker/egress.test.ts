import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeId, type RunId, type WorkspaceId } from "#base/index.ts";
import { parseFlow } from "#flow/index.ts";
import { createWorkspace, memberScope, setEgress } from "#governance/index.ts";
import { createGates, createPostgresJournal, registerWorker } from "#journal/index.ts";
import { createListener, randomSource, settings, transaction } from "#platform/index.ts";
import { startTestDatabase, type TestDatabase } from "#platform/testing.ts";
import { connectWorld } from "./connect.ts";

let base: TestDatabase;
let server: Server;
let place: string;

beforeAll(async () => {
  base = await startTestDatabase();
  server = createServer((request, response) => {
    if (request.url === "/away") response.writeHead(302, { location: `http://localhost:${port()}/` });
    response.end("here");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  place = `127.0.0.1:${port()}`;
});
afterAll(async () => {
  server.close();
  await base.close();
});

function port(): number {
  return (server.address() as AddressInfo).port;
}

test("calls keep to the rules of their run's workspace, from the next call on after a change", async () => {
  const { db } = base;
  const worker = makeId("wrk", Date.now(), randomSource);
  await registerWorker(db.pool, { id: worker, host: "test", pid: 1 });
  const listener = createListener(db.url);
  const journal = createPostgresJournal({ db, machineVersion: 1 });
  const gates = createGates(db, listener, worker);
  const given = { ...settings(), egress: `${place},localhost:${port()}` };
  const world = connectWorld(db, given)(journal, gates);
  const { flow } = parseFlow("id: f\ntasks: [{ id: t, tool: http.get, with: { url: x } }]\n");
  if (flow === null) throw new Error("The flow can't be read.");
  const [narrow, wide] = await transaction(db, async (tx) => [
    await createWorkspace(tx, "Narrow"),
    await createWorkspace(tx, "Wide"),
  ]);
  const scope = memberScope(narrow, { kind: "user", id: "user_1", name: "Ada", email: "ada@example.com" }, [
    "admin",
  ]);
  const get = (workspace: WorkspaceId, path = "/") =>
    world.tools.call({
      workspace,
      run: "run_1" as RunId,
      flow,
      path: "t",
      key: "run_1:t:1:1:call",
      tool: "http.get",
      args: { url: `http://${place}${path}` },
      agent: null,
      signal: new AbortController().signal,
    });
  try {
    await expect(get(narrow)).resolves.toMatchObject({ status: 200, text: "here" });
    await setEgress(db, scope, { only: ["api.example.com"] });
    await expect(get(narrow)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining(`${place} is not among the places that this workspace may reach`),
      hint: expect.stringContaining("settings page"),
    });
    await expect(get(wide)).resolves.toMatchObject({ status: 200 });
    await setEgress(db, scope, { only: [place] });
    await expect(get(narrow)).resolves.toMatchObject({ status: 200 });
    // Where a redirect leads counts as well.
    await expect(get(narrow, "/away")).rejects.toMatchObject({ code: "forbidden" });
    await expect(get(wide, "/away")).resolves.toMatchObject({ status: 200 });
    // A workspace can't open what the installation keeps closed.
    await setEgress(db, scope, { only: ["10.0.0.1:80"] });
    const closed = world.tools.call({
      workspace: narrow,
      run: "run_1" as RunId,
      flow,
      path: "t",
      key: "run_1:t:1:1:call",
      tool: "http.get",
      args: { url: "http://10.0.0.1/" },
      agent: null,
      signal: new AbortController().signal,
    });
    await expect(closed).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("private address"),
    });
  } finally {
    await world.close?.();
    gates.close();
    journal.close();
    await listener.close();
  }
});
