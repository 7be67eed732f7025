import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject, RunId, WorkspaceId } from "#base/index.ts";
import { openRunSecret } from "#governance/index.ts";
import { startTestApi, type TestApi, type TestMember } from "../testing.ts";

const text = `id: login
inputs: { token: { type: string, format: password }, name: string }
tasks: [{ id: go, tool: http.get, with: { url: "https://example.com", headers: { Authorization: "Bearer {{ inputs.token }}" } } }]
`;
const secret = "hunter2-and-more";

let api: TestApi;
let workspace: WorkspaceId;
let builder: TestMember;

beforeAll(async () => {
  api = await startTestApi();
  workspace = await api.workspace("secret inputs");
  builder = await api.member(workspace, ["builder"], "Bea");
  await builder.call.flow.publish({ text, message: "" });
});
afterAll(() => api.close());

/** Every row of every table, as text. */
async function everything(): Promise<string> {
  const { rows } = await api.db.pool.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
  );
  const texts: string[] = [];
  for (const { name } of rows) {
    const found = await api.db.pool.query<{ row: string }>(`select t::text as row from ${name} as t`);
    texts.push(...found.rows.map(({ row }) => row));
  }
  return texts.join("\n");
}

test("what is given in a secret input is sealed: no table, event, audit entry or view holds it", async () => {
  const { id } = await builder.call.run.start({ slug: "login", inputs: { token: secret, name: "Ada" } });
  const run = id as RunId;
  expect(await everything()).not.toContain("hunter2");
  const view = await builder.call.run.get({ id });
  expect(view.inputs).toEqual({ token: "[redacted]", name: "Ada" });
  const { rows } = await api.db.pool.query<{ inputs: string; sealed: string }>(
    "select r.inputs, s.sealed from run as r join run_secret as s on s.run_id = r.id where r.id = $1",
    [run],
  );
  expect(JSON.parse(rows[0]?.inputs ?? "") as JsonObject).toEqual({
    token: { $secret: "inputs:token" },
    name: "Ada",
  });
  expect(await openRunSecret(api.db, workspace, run, "token")).toBe(secret);
});

test("it is opened for its own run and workspace only", async () => {
  const { id } = await builder.call.run.start({ slug: "login", inputs: { token: secret, name: "Ada" } });
  const other = await api.workspace("another");
  await expect(openRunSecret(api.db, other, id as RunId, "token")).rejects.toMatchObject({
    code: "not-found",
  });
  await expect(openRunSecret(api.db, workspace, id as RunId, "name")).rejects.toMatchObject({
    code: "not-found",
  });
});
