import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createModelSettings, openSecret, setupTokenKey } from "#governance/index.ts";
import { blueprints } from "#library/index.ts";
import { sha256 } from "#platform/index.ts";
import type { WorkspaceId } from "#base/index.ts";
import { createCaller } from "./index.ts";
import { codeOf, errorOf, startTestApi, testPassword, type TestApi } from "./testing.ts";

let api: TestApi;
beforeEach(async () => {
  await api?.close();
  api = await startTestApi({ models: () => ["best-model"] });
  await api.db.prisma.instance.create({ data: { key: setupTokenKey, value: sha256("one-time") } });
});
afterAll(() => api.close());

const given = {
  token: "one-time",
  name: "Ada",
  email: "Ada@Example.com",
  password: testPassword,
  workspace: "Ada & Co.",
};
const ada = async () => createCaller({ deps: api.deps, headers: await api.signIn("ada@example.com") });

describe("setup", () => {
  it("makes the owner, the workspace, its flows and a model that needs no key", async () => {
    expect(await api.anonymous.setup.state()).toEqual({ needed: true });
    expect(await api.anonymous.setup.create(given)).toEqual({ ok: true });
    expect(await api.anonymous.setup.state()).toEqual({ needed: false });
    const call = await ada();
    expect(await call.me()).toMatchObject({
      user: { name: "Ada", email: "ada@example.com" },
      workspace: { name: "Ada & Co.", slug: "ada-co", currency: "USD" },
      roles: ["owner"],
    });
    expect((await call.flow.list()).map((flow) => flow.slug).toSorted()).toEqual(
      (await blueprints()).map((blueprint) => blueprint.slug).toSorted(),
    );
    expect((await call.settings.models()).aliases).toMatchObject([
      { alias: "default", provider: "simulated", model: "simulated" },
    ]);
    expect((await call.audit.list()).rows.map((row) => row.action)).toContain("workspace.created");
  });

  it("takes a provider's key, and never tells it again", async () => {
    await api.anonymous.setup.create({ ...given, provider: { provider: "openai", key: "sk-first-key" } });
    const call = await ada();
    const models = await call.settings.models();
    expect(models.aliases).toMatchObject([{ alias: "default", provider: "openai", model: "best-model" }]);
    expect(models.providers.find((each) => each.provider === "openai")).toMatchObject({ key: "secret" });
    const everything = JSON.stringify([
      models,
      await call.settings.secrets(),
      await call.audit.list({ limit: 200 }),
    ]);
    expect(everything).not.toContain("sk-first-key");
    const { rows } = await api.db.pool.query("select sealed from secret");
    expect(JSON.stringify(rows)).not.toContain("sk-first-key");
    const workspace = (await call.me()).workspace.id as WorkspaceId;
    const opened = await createModelSettings(api.db, { anthropic: { apiKey: "from-environment" } })(
      workspace,
    );
    expect(opened.providers).toEqual(
      expect.arrayContaining([
        { provider: "openai", baseUrl: null, apiKey: "sk-first-key" },
        { provider: "anthropic", baseUrl: null, apiKey: "from-environment" },
      ]),
    );
    await call.settings.setProvider({ provider: "openai", key: "" });
    expect((await call.settings.models()).providers.find((each) => each.provider === "openai")?.key).toBe(
      "none",
    );
  });

  it("is done once: of two at once, one", async () => {
    const both = await Promise.all([
      codeOf(api.anonymous.setup.create(given)),
      codeOf(api.anonymous.setup.create({ ...given, email: "eve@example.com" })),
    ]);
    expect(both.toSorted()).toEqual(["forbidden", "ok"]);
    expect(await api.db.prisma.user.count()).toBe(1);
    expect(await api.db.prisma.organization.count()).toBe(1);
    expect(await codeOf(api.anonymous.setup.create(given))).toBe("forbidden");
  });

  it("leaves nothing behind when it is refused, and the token in force", async () => {
    const short = await errorOf(api.anonymous.setup.create({ ...given, password: "short" }));
    expect(short).toMatchObject({
      code: "bad-input",
      message: expect.stringContaining("10 to 200") as string,
    });
    expect(await codeOf(api.anonymous.setup.create({ ...given, token: "guess" }))).toBe("forbidden");
    expect(await api.db.prisma.organization.count()).toBe(0);
    expect(await codeOf(api.anonymous.setup.create(given))).toBe("ok");
  });
});

describe("members", () => {
  it("join by a link, once", async () => {
    await api.anonymous.setup.create(given);
    const call = await ada();
    const { url } = await call.member.invite({ email: "Bob@example.com", roles: ["approver", "operator"] });
    expect(url).toMatch(/^http:\/\/localhost:3030\/join\?token=/);
    const token = decodeURIComponent(url.split("token=")[1] ?? "");
    const stored = JSON.stringify([
      await api.db.prisma.invitation.findMany(),
      await api.db.prisma.verification.findMany(),
      (await api.db.pool.query("select body from audit_entry")).rows,
    ]);
    expect(stored).not.toContain(token.split(".")[1]);
    const forged = `${token.split(".")[0]}.${"A".repeat(43)}`;
    expect(
      await codeOf(api.anonymous.setup.join({ token: forged, name: "Eve", password: testPassword })),
    ).toBe("not-found");
    const join = () => codeOf(api.anonymous.setup.join({ token, name: "Bob", password: testPassword }));
    expect((await Promise.all([join(), join()])).toSorted()).toEqual(["not-found", "ok"]);
    const bob = createCaller({ deps: api.deps, headers: await api.signIn("bob@example.com") });
    expect((await bob.me()).roles).toEqual(["approver", "operator"]);
    expect(await codeOf(call.member.invite({ email: "bob@example.com", roles: ["viewer"] }))).toBe(
      "conflict",
    );
  });

  it("who have an account elsewhere prove it by its password, and keep their name", async () => {
    await api.anonymous.setup.create(given);
    const call = await ada();
    const eve = await api.member(await api.workspace("elsewhere"), ["owner"], "Eve");
    const { url } = await call.member.invite({ email: eve.email, roles: ["viewer"] });
    const token = decodeURIComponent(url.split("token=")[1] ?? "");
    const join = (password: string) => codeOf(api.anonymous.setup.join({ token, name: "Other", password }));
    expect(await join("not her password")).toBe("forbidden");
    expect(await join(testPassword)).toBe("ok");
    expect((await eve.call.me()).workspaces).toHaveLength(2);
    expect((await eve.call.me()).user.name).toBe("Eve");
  });

  it("always include an owner, whom only owners make", async () => {
    await api.anonymous.setup.create(given);
    const call = await ada();
    const me = await call.me();
    const workspace = me.workspace.id as WorkspaceId;
    expect(await codeOf(call.member.setRoles({ userId: me.user.id, roles: ["admin"] }))).toBe("conflict");
    expect(await codeOf(call.member.remove({ userId: me.user.id }))).toBe("conflict");
    const admin = await api.member(workspace, ["admin"]);
    expect(await codeOf(admin.call.member.setRoles({ userId: admin.id, roles: ["owner"] }))).toBe(
      "forbidden",
    );
    expect(await codeOf(admin.call.member.invite({ email: "x@example.com", roles: ["owner"] }))).toBe(
      "forbidden",
    );
    expect(await codeOf(admin.call.member.remove({ userId: me.user.id }))).toBe("forbidden");
    const second = await api.member(workspace, ["owner"]);
    const both = await Promise.all([
      codeOf(call.member.remove({ userId: second.id })),
      codeOf(second.call.member.remove({ userId: me.user.id })),
    ]);
    expect(both).toContain("ok");
    const left = await api.db.prisma.member.findMany({ where: { organizationId: workspace, role: "owner" } });
    expect(left).toHaveLength(1);
  });

  it("may do at once what their new roles let them", async () => {
    await api.anonymous.setup.create(given);
    const call = await ada();
    const member = await api.member((await call.me()).workspace.id as WorkspaceId, ["viewer"]);
    expect(await codeOf(member.call.audit.list())).toBe("forbidden");
    await call.member.setRoles({ userId: member.id, roles: ["auditor"] });
    expect(await codeOf(member.call.audit.list())).toBe("ok");
    await call.member.remove({ userId: member.id });
    expect(await codeOf(member.call.audit.list())).toBe("forbidden");
  });
});

describe("secrets", () => {
  it("are opened for the worker by name, and replaced with a trace", async () => {
    await api.anonymous.setup.create(given);
    const call = await ada();
    const workspace = (await call.me()).workspace.id as WorkspaceId;
    await call.settings.setSecret({ name: "CRM_TOKEN", value: "first-value" });
    await call.settings.setSecret({ name: "CRM_TOKEN", value: "second-value" });
    expect(await openSecret(api.db, workspace, "CRM_TOKEN")).toBe("second-value");
    expect(await call.settings.secrets()).toMatchObject([{ name: "CRM_TOKEN", updatedByName: "Ada" }]);
    await call.settings.deleteSecret({ name: "CRM_TOKEN" });
    await expect(openSecret(api.db, workspace, "CRM_TOKEN")).rejects.toMatchObject({ code: "not-found" });
    const { rows } = await call.audit.list({ action: "secret" });
    expect(rows.map((row) => row.action)).toEqual(["secret.deleted", "secret.replaced", "secret.created"]);
  });
});

describe("the audit's list", () => {
  it("pages without gaps and filters by who, what and run", async () => {
    await api.anonymous.setup.create(given);
    const call = await ada();
    const me = (await call.me()).user.id;
    const all = (await call.audit.list({ limit: 200 })).rows;
    const paged: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { rows: { seq: string }[]; next: string | null } = await call.audit.list({
        limit: 2,
        cursor,
      });
      paged.push(...page.rows.map((row) => row.seq));
      cursor = page.next;
    } while (cursor !== null);
    expect(paged).toEqual(all.map((row) => row.seq));
    expect((await call.audit.list({ actor: me, limit: 200 })).rows).toHaveLength(all.length);
    expect((await call.audit.list({ actor: "aDA", limit: 200 })).rows).toHaveLength(all.length);
    const made = all.filter(({ action }) => action === "workspace.created");
    expect((await call.audit.list({ action: "workspace created" })).rows).toEqual(made);
    expect((await call.audit.list({ action: "creat works" })).rows).toEqual(made);
    // What stands for any text in a pattern stands for itself here.
    for (const actor of ["nobody", "%", "A_a", "\\"]) {
      expect((await call.audit.list({ actor })).rows).toEqual([]);
    }
    expect((await call.audit.list({ action: "workspace_created" })).rows).toEqual([]);
    expect(await codeOf(call.audit.list({ cursor: "abc" }))).toBe("bad-input");
  });
});
