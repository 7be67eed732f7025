import { afterAll, beforeAll, expect, test } from "vitest";
import { BatonError, type WorkspaceId } from "#base/index.ts";
import { egressOf } from "#governance/index.ts";
import { startTestApi, type TestApi, type TestMember } from "../testing.ts";

let api: TestApi;
let workspace: WorkspaceId;
let admin: TestMember;

beforeAll(async () => {
  api = await startTestApi();
  workspace = await api.workspace("egress");
  admin = await api.member(workspace, ["admin"], "Ada");
});
afterAll(() => api.close());

async function audited(): Promise<unknown[]> {
  const { rows } = await api.db.pool.query<{ body: string; actor: string }>(
    "select body, actor_name as actor from audit_entry where workspace_id = $1 and action = 'egress.changed' order by seq",
    [workspace],
  );
  return rows.map(({ body, actor }) => ({ ...(JSON.parse(body) as object), actor }));
}

test("a workspace reaches everything until an admin lists places; each change is in the audit, and no other workspace's", async () => {
  expect(await admin.call.settings.egress()).toEqual({ only: null });
  const places = [
    " api.example.com ",
    "*.example.org",
    "",
    "https://files.example.com:8443",
    "api.example.com",
  ];
  const kept = ["api.example.com", "*.example.org", "https://files.example.com:8443"];
  expect(await admin.call.settings.setEgress({ only: places })).toEqual({ only: kept });
  expect(await admin.call.settings.egress()).toEqual({ only: kept });
  expect(await egressOf(api.db, workspace)).toEqual({ only: kept });
  expect(await egressOf(api.db, await api.workspace("another"))).toEqual({ only: null });
  // The same once more is no change.
  await admin.call.settings.setEgress({ only: kept });
  await admin.call.settings.setEgress({ only: null });
  expect(await audited()).toEqual([
    { before: null, after: kept, actor: "Ada" },
    { before: kept, after: null, actor: "Ada" },
  ]);
});

test("what is no place is named, and nothing of it is kept", async () => {
  await admin.call.settings.setEgress({ only: ["good.example"] });
  const before = (await audited()).length;
  const wrong = admin.call.settings.setEgress({ only: ["fine.example", "ftp://a", "b/c", "two words"] });
  await expect(wrong).rejects.toSatisfy((error: unknown) => {
    const cause = error instanceof Error ? error.cause : undefined;
    return (
      BatonError.isInstance(cause) &&
      cause.code === "bad-input" &&
      ["ftp://a", "b/c", "two words"].every((place) => cause.message.includes(`"${place}"`)) &&
      !cause.message.includes("fine.example")
    );
  });
  const many = Array.from({ length: 501 }, (_, i) => `host${i}.example`);
  await expect(admin.call.settings.setEgress({ only: many })).rejects.toThrow("at most 500 places");
  expect(await admin.call.settings.egress()).toEqual({ only: ["good.example"] });
  expect(await audited()).toHaveLength(before);
});
