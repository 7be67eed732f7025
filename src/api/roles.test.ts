import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunId, WorkspaceId } from "#base/index.ts";
import { roles, roleTable, type Role } from "#governance/index.ts";
import { placeOf } from "./comment/testing.ts";
import { appRouter } from "./router.ts";
import { errorOf, helloText, startTestApi, testPassword, type TestApi, type TestMember } from "./testing.ts";
import { toBatonError } from "./errors.ts";

/** What there is in a workspace to reach for. */
type World = {
  workspace: WorkspaceId;
  slug: string;
  flowId: string;
  run: RunId;
  approval: { id: string; hash: string };
  user: string;
  secret: string;
  /** A webhook. */
  trigger: string;
  /** A thread of comments. */
  thread: string;
};

type Kind = "query" | "mutation" | "subscription";
type Meta = { permission?: string } | undefined;
const procedures = Object.entries(
  appRouter._def.procedures as unknown as Record<string, { _def: { type: Kind; meta: Meta } }>,
);

/** A place in no text. */
const nowhere = { start: "AA==", end: "AA==" };

/**
 * Arguments that reach into a world and change nothing in it. A verb that is not in here fails the test. `ids` tells
 * which of them name things: those are tried with another workspace's as well.
 */
const calls: Record<string, { input: (world: World) => unknown; ids?: true }> = {
  me: { input: () => undefined },
  home: { input: () => undefined },
  "flow.list": { input: () => ({}) },
  "flow.get": { input: ({ slug }) => ({ slug }), ids: true },
  "flow.check": { input: () => ({ text: "id: x" }) },
  "flow.blueprints": { input: () => undefined },
  "flow.publish": {
    input: ({ slug, flowId }) => ({ text: helloText(slug), message: "", flowId }),
    ids: true,
  },
  "flow.create": { input: () => ({ text: "id: made\ntasks: []\n" }) },
  "flow.draft": { input: ({ slug }) => ({ slug }), ids: true },
  "flow.knowledge": { input: () => undefined },
  "flow.publishDraft": {
    input: ({ flowId }) => ({ flowId, message: "", hash: "0".repeat(64), stateVector: "AA==" }),
    ids: true,
  },
  "flow.duplicate": { input: ({ slug }) => ({ slug }), ids: true },
  "flow.archive": { input: ({ slug }) => ({ slug, archived: false }), ids: true },
  "flow.pause": { input: () => ({ slug: "none" }) },
  "flow.resume": { input: ({ slug }) => ({ slug }), ids: true },
  "run.list": { input: () => ({}) },
  "run.get": { input: ({ run }) => ({ id: run }), ids: true },
  "run.locks": { input: ({ run }) => ({ id: run }), ids: true },
  "run.start": { input: ({ slug }) => ({ slug, inputs: { unknown: 1 } }), ids: true },
  "run.tryOut": {
    input: ({ flowId }) => ({ flowId, hash: "0".repeat(64), stateVector: "AA==" }),
    ids: true,
  },
  "run.cancel": { input: ({ run }) => ({ id: run, reason: "" }), ids: true },
  "run.pause": { input: ({ run }) => ({ id: run, reason: "" }), ids: true },
  "run.resume": { input: ({ run }) => ({ id: run }), ids: true },
  "run.retry": { input: ({ run }) => ({ id: run, reason: "" }), ids: true },
  "run.fork": { input: ({ run }) => ({ id: run, path: "none" }), ids: true },
  "run.watch": { input: ({ run }) => ({ id: run }), ids: true },
  "comment.list": { input: ({ flowId }) => ({ flowId }), ids: true },
  "comment.start": {
    input: ({ flowId }) => ({ flowId, kind: "range", body: "Why?", anchor: nowhere, stateVector: "AA==" }),
    ids: true,
  },
  "comment.reply": { input: ({ thread }) => ({ threadId: thread, body: "Because." }), ids: true },
  // Whoever is not its author is refused besides: see the tests of comments.
  "comment.edit": { input: ({ thread }) => ({ id: `${thread}-gone`, body: "Why not?" }) },
  "comment.remove": { input: ({ thread }) => ({ id: `${thread}-gone` }) },
  "comment.resolve": { input: ({ thread }) => ({ threadId: thread, resolved: false }), ids: true },
  "comment.follow": {
    input: ({ thread }) => ({ threadId: thread, version: 0, anchor: nowhere, stateVector: "AA==" }),
    ids: true,
  },
  "event.send": { input: () => ({ name: "order.paid" }) },
  "bulk.list": { input: () => undefined },
  "bulk.start": {
    input: ({ run }) => ({ action: "retry", runs: { ids: [`${run}-gone`] } }),
  },
  "inbox.list": { input: () => ({ state: "pending" }) },
  "inbox.count": { input: () => undefined },
  "inbox.notifications": { input: () => undefined },
  "inbox.decide": {
    input: ({ approval }) => ({
      id: approval.id,
      hash: "stale",
      decision: "approve",
      comment: "",
      answer: null,
    }),
    ids: true,
  },
  "inbox.read": { input: () => ({ ids: [] }) },
  "audit.list": { input: ({ run }) => ({ runId: run }), ids: true },
  "settings.models": { input: () => undefined },
  "settings.secrets": { input: () => undefined },
  "settings.egress": { input: () => undefined },
  "settings.setEgress": { input: () => ({ only: ["not a place"] }) },
  "settings.setProvider": { input: () => ({ provider: "openai", baseUrl: "not an address" }) },
  "settings.setAlias": { input: () => ({ alias: "smart", provider: "simulated", model: "simulated" }) },
  "settings.setSecret": { input: () => ({ name: "not a name", value: "x" }) },
  "settings.deleteSecret": { input: ({ secret }) => ({ name: secret }), ids: true },
  "tool.list": { input: () => undefined },
  "trigger.list": { input: () => ({}) },
  "trigger.outcomes": { input: ({ trigger }) => ({ id: trigger }), ids: true },
  "trigger.pause": { input: ({ trigger }) => ({ id: trigger }), ids: true },
  "trigger.resume": { input: ({ trigger }) => ({ id: trigger }), ids: true },
  "trigger.address": { input: ({ trigger }) => ({ id: trigger }), ids: true },
  "trigger.renew": { input: ({ trigger }) => ({ id: trigger }), ids: true },
  "trigger.test": { input: ({ trigger }) => ({ id: trigger, body: "{}" }), ids: true },
  "memory.places": { input: () => undefined },
  "memory.list": { input: ({ run }) => ({ subject: run }), ids: true },
  "memory.get": { input: ({ flowId }) => ({ subject: flowId, name: "nothing" }), ids: true },
  "memory.history": { input: ({ flowId }) => ({ subject: flowId, name: "nothing" }), ids: true },
  "memory.set": { input: ({ flowId }) => ({ subject: flowId, name: "not a name", value: 1 }), ids: true },
  "memory.next": { input: ({ run }) => ({ subject: run, name: "nothing" }), ids: true },
  "memory.open": { input: ({ flowId }) => ({ subject: flowId, name: "nothing" }), ids: true },
  "memory.describe": { input: ({ flowId }) => ({ subject: flowId, name: "nothing" }), ids: true },
  "memory.forget": { input: ({ flowId }) => ({ subject: flowId, name: "nothing" }), ids: true },
  "memory.undoAgent": { input: ({ flowId }) => ({ subject: flowId, writer: "agent:none/none" }), ids: true },
  "memory.watch": { input: ({ run }) => ({ subject: run }), ids: true },
  "member.list": { input: () => undefined },
  "member.roleTable": { input: () => undefined },
  "member.invite": { input: () => ({ email: "new@example.com", roles: ["viewer"] }) },
  "member.setRoles": { input: ({ user }) => ({ userId: user, roles: ["viewer"] }), ids: true },
  "member.remove": { input: ({ user }) => ({ userId: `${user}-gone` }) },
  "workspace.watch": { input: () => ({ lastEventId: "0" }) },
  "setup.state": { input: () => undefined },
  "setup.create": {
    input: () => ({ token: "x", name: "A", email: "a@example.com", password: testPassword, workspace: "A" }),
  },
  "setup.join": { input: () => ({ token: "x", name: "A", password: testPassword }) },
};

/** Calls a verb by its path; of a subscription, up to its first item. */
async function tryVerb(
  call: TestApi["anonymous"],
  path: string,
  input: unknown,
): Promise<{ code: string; message: string; value: unknown }> {
  try {
    let at: unknown = call;
    for (const name of path.split(".")) at = (at as Record<string, unknown>)[name];
    let value = await (at as (input: unknown) => Promise<unknown>)(input);
    if (typeof value === "object" && value !== null && Symbol.asyncIterator in value) {
      const items = (value as AsyncIterable<unknown>)[Symbol.asyncIterator]();
      value = (await items.next()).value;
      await items.return?.();
    }
    return { code: "ok", message: "", value };
  } catch (error) {
    const told = toBatonError(error);
    return { code: told.code, message: told.message, value: null };
  }
}

let api: TestApi;
let own: World;
let foreign: World;
const members = new Map<Role, TestMember>();

async function makeWorld(name: string): Promise<{ world: World; owner: TestMember }> {
  const workspace = await api.workspace(name);
  const owner = await api.member(workspace, ["owner"]);
  const other = await api.member(workspace, ["viewer"]);
  const slug = `hello-${name}`;
  const run = await api.run(owner, slug);
  const approval = await api.ask({ run, workspace });
  await api.db.pool.query(
    `insert into event_batch (run_id, seq, last, at, bodies) values ($1, 1, 1, now(),
       '[{"type":"log-written","path":"greet","level":"info","message":"Hello"}]')`,
    [run],
  );
  const hook = `${helloText(`hook-${name}`)}triggers: [{ id: hook, webhook: {} }]\n`;
  await owner.call.flow.publish({ text: hook, message: "" });
  const [trigger] = await owner.call.trigger.list({});
  await owner.call.settings.setSecret({ name: `TOKEN_${name}`, value: "something" });
  const { id: flowId } = await owner.call.flow.get({ slug });
  const { threadId } = await owner.call.comment.start({
    flowId,
    kind: "range",
    body: "Why?",
    ...(await placeOf(api.deps, owner.scope, flowId, "Hello")),
  });
  return {
    world: {
      workspace,
      slug,
      flowId,
      run,
      approval,
      user: other.id,
      secret: `TOKEN_${name}`,
      trigger: trigger?.id ?? "",
      thread: threadId,
    },
    owner,
  };
}

beforeAll(async () => {
  api = await startTestApi();
  own = (await makeWorld("own")).world;
  foreign = (await makeWorld("foreign")).world;
  for (const role of roles) members.set(role, await api.member(own.workspace, [role], role));
});
afterAll(() => api.close());

const memberWith = (role: Role): TestMember => {
  const member = members.get(role);
  if (member === undefined) throw new Error(role);
  return member;
};

describe("every verb", () => {
  it("says what it takes, and is tried here", () => {
    for (const [path, { _def }] of procedures) {
      expect(_def.meta?.permission, `${path} declares no permission`).toEqual(expect.any(String));
    }
    expect(procedures.map(([path]) => path).toSorted()).toEqual(Object.keys(calls).toSorted());
  });

  it.each(procedures.map(([path, { _def }]) => [path, _def.meta?.permission ?? ""] as const))(
    "%s takes %s, from each role",
    async (path, permission) => {
      const call = calls[path];
      const input = call?.input(own);
      const anonymous = await tryVerb(api.anonymous, path, input);
      if (permission === "public") {
        expect(anonymous.code).not.toBe("unauthenticated");
        return;
      }
      expect(anonymous.code).toBe("unauthenticated");
      for (const role of roles) {
        // Nobody who holds the role is to lose it by the test.
        const { code, message } = await tryVerb(memberWith(role).call, path, input);
        const may = permission === "member" || (roleTable[role] as readonly string[]).includes(permission);
        // A form may be answered by more roles than an approval decided: the row asks for more than the verb.
        const expected = path === "inbox.decide" ? roleTable[role].includes("approval.decide") : may;
        expect(code === "forbidden", `${role}: ${code} ${message}`).toBe(!expected);
        expect(code).not.toBe("internal");
        expect(code).not.toBe("unauthenticated");
      }
    },
  );

  const withIds = Object.entries(calls).filter(([, call]) => call.ids === true);
  it.each(withIds.map(([path]) => path))("%s tells nothing of another workspace", async (path) => {
    const call = calls[path];
    const nowhere: World = {
      workspace: foreign.workspace,
      slug: "hello-nowhere",
      flowId: "flow_nowhere",
      run: "run_nowhere" as RunId,
      approval: { id: "appr_nowhere", hash: "" },
      user: "user_nowhere",
      secret: "TOKEN_nowhere",
      trigger: "trg_nowhere",
      thread: "thread_nowhere",
    };
    for (const role of roles) {
      const member = memberWith(role).call;
      const there = await tryVerb(member, path, call?.input(foreign));
      const missing = await tryVerb(member, path, call?.input(nowhere));
      const anonymised = (text: string): string =>
        [foreign, nowhere]
          .flatMap((world) => [
            world.slug,
            world.flowId,
            world.run,
            world.approval.id,
            world.user,
            world.secret,
            world.trigger,
            world.thread,
          ])
          .reduce((all, word) => all.replaceAll(word, "…"), text);
      expect({ ...there, message: anonymised(there.message) }).toEqual({
        ...missing,
        message: anonymised(missing.message),
      });
      if (path !== "audit.list") expect(["not-found", "forbidden"]).toContain(there.code);
    }
  });

  it("refuses a workspace that one is not in as one that is not there", async () => {
    const viewer = memberWith("viewer");
    for (const workspace of [foreign.workspace, "ws_nowhere"]) {
      const headers = new Headers(viewer.headers);
      headers.set("x-baton-workspace", workspace);
      const error = await errorOf(api.deps.identity.scopeFromHeaders(headers));
      expect([error.code, error.message]).toEqual(["not-found", "There is no such workspace."]);
    }
  });

  it("keeps lists to one's own workspace", async () => {
    const { call } = memberWith("owner");
    // What roles made by `flow.create` above is only drafts.
    const published = (await call.flow.list({})).filter((flow) => flow.revision > 0);
    expect(published.map((flow) => flow.slug).toSorted()).toEqual([own.slug, "hook-own"]);
    expect((await call.trigger.list({})).map(({ id }) => id)).toEqual([own.trigger]);
    expect((await call.run.list({})).rows.map((run) => run.id)).toEqual([own.run]);
    expect((await call.run.get({ id: own.run })).approvals.map(({ id }) => id)).toEqual([own.approval.id]);
    const asked = [...(await call.inbox.list({ state: "pending" })), ...(await call.home()).needsMe];
    expect(asked.filter(({ run }) => run.id === foreign.run)).toEqual([]);
    const people = (await call.member.list()).map((member) => member.userId);
    expect(people).not.toContain(foreign.user);
    const audit = await call.audit.list({ limit: 200 });
    expect(audit.rows.some((row) => row.runId === foreign.run)).toBe(false);
    expect(audit.rows.some((row) => row.runId === own.run)).toBe(true);
  });
});
