import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json, RunId, WorkspaceId } from "#base/index.ts";
import { createLiveDocuments, type LiveDocuments } from "#collab/index.ts";
import { type Flow, parseFlow } from "#flow/index.ts";
import { memberScope, type Role, type Scope } from "#governance/index.ts";
import { createListener, type Database, type Listener } from "#platform/index.ts";
import { startTestDatabase } from "#platform/testing.ts";
import {
  createRunMemory,
  entryHistory,
  forget,
  getEntry,
  listEntries,
  listMemories,
  localPorts,
  memoryPorts,
  type PeoplesMemory,
  type RunMemory,
  setEntry,
  sharedMemoryKind,
  undoWrites,
} from "./index.ts";

const workspace = "ws_memory" as WorkspaceId;
const run = "run_memory" as RunId;
let clock = Date.UTC(2030, 0, 1);
const now = (): number => clock;

const flow = flowOf(`
id: desk
title: Desk
memory: { read: ["workspace:*"] }
seed: { "flow:greeting": Hello, "run:state": { open: true } }
agents:
  a: { title: Ann, tools: [memory], memory: { read: ["flow:case.*", "run:*"], write: ["flow:case.*", "run:*"] } }
  b: { tools: [memory] }
tasks: [{ id: t, agent: a, prompt: x }, { id: u, agent: b, prompt: x }]
`);

function flowOf(text: string): Flow {
  const parsed = parseFlow(text);
  if (!parsed.flow || parsed.problems.length > 0) throw new Error(JSON.stringify(parsed.problems));
  return parsed.flow;
}

let calls = 0;
function caller(agent: string | null, key = `call ${(calls += 1)}`) {
  return { workspace, run, flow, path: "t", key, agent };
}

function person(id: string, roles: readonly Role[] = ["builder"], of = workspace): Scope {
  return memberScope(of, { kind: "user", id, name: `Name of ${id}`, email: `${id}@example.com` }, roles);
}

let db: Database;
let close: () => Promise<void>;
let listener: Listener;
let live: LiveDocuments;
let people: PeoplesMemory;
let kept: RunMemory;

beforeAll(async () => {
  ({ db, close } = await startTestDatabase());
  listener = createListener(db.url);
  await db.pool.query("insert into organization (id, name, slug) values ($1, 'Memory', 'memory')", [
    workspace,
  ]);
  await db.pool.query(
    "insert into flow (id, workspace_id, slug, title) values ('flow_desk', $1, 'desk', 'Desk')",
    [workspace],
  );
  const runs = `insert into run (id, workspace_id, flow_id, revision_id, number, started_by_kind, started_by_id, started_by_name, internal, parent_run_id)
    values ($1, $2, 'flow_desk', 'rev', $3, 'user', 'u', 'Ada', $4, $5)`;
  await db.pool.query(runs, [run, workspace, 1, false, null]);
  await db.pool.query(runs, ["run_part", workspace, 2, true, run]);
  live = createLiveDocuments({ db, listener, kinds: [sharedMemoryKind(db)] });
  people = { db, live, now };
  kept = createRunMemory(memoryPorts(db, live, now));
});

afterAll(async () => {
  await live.close();
  await listener.close();
  await close();
});

describe.each([
  ["of this process", () => createRunMemory(localPorts(now))],
  ["in Postgres", () => kept],
] as const)("memory %s", (_, make) => {
  test("agents set, get, append, list, search and forget under their grants", async () => {
    const memory = make();
    const call = (operation: Parameters<RunMemory["call"]>[1], args: Json, agent = "a"): Promise<Json> =>
      memory.call(caller(agent), operation, args);
    expect(await call("get", { key: "flow:case.x" })).toEqual({ key: "flow:case.x", found: false });
    const set = { key: "flow:case.x", value: { total: 40 }, type: "decision", tags: ["refund"] };
    expect(await call("set", set)).toEqual({ key: "flow:case.x", version: 1 });
    await call("append", { key: "run:log", value: "one" });
    await call("append", { key: "run:log", value: "two" }, "b");
    expect(await call("get", { key: "run:log" })).toMatchObject({
      value: ["one", "two"],
      version: 2,
      writtenBy: "b",
    });
    expect(await call("list", { prefix: "flow:" })).toMatchObject({
      entries: [
        { key: "flow:case.x", type: "decision", tags: ["refund"], version: 1, preview: '{"total":40}' },
      ],
      more: 0,
    });
    expect(await call("search", { text: "REFUND total" })).toMatchObject({
      entries: [{ key: "flow:case.x" }],
    });
    // What an agent may not read is not found either.
    expect(await call("search", { text: "refund" }, "b")).toEqual({ entries: [], more: 0 });
    expect(await call("list", {}, "b")).toMatchObject({ entries: [{ key: "run:log" }] });
    expect(await call("forget", { key: "flow:case.x" })).toEqual({ key: "flow:case.x", forgotten: true });
    expect(await call("get", { key: "flow:case.x" })).toMatchObject({ found: false });
  });

  test("what lies outside of a grant is refused, whoever asks", async () => {
    const memory = make();
    const refused = { code: "forbidden" };
    await expect(
      memory.call(caller("a"), "set", { key: "workspace:policy", value: 1 }),
    ).rejects.toMatchObject(refused);
    await expect(memory.call(caller("b"), "get", { key: "flow:case.x" })).rejects.toMatchObject(refused);
    await expect(memory.call(caller("nobody"), "get", { key: "run:log" })).rejects.toMatchObject(refused);
    await expect(memory.call(caller("a"), "append", { key: "flow:cases", value: 1 })).rejects.toMatchObject(
      refused,
    );
    await expect(memory.call(caller("a"), "forget", { key: "nonsense" })).rejects.toMatchObject(refused);
    await expect(
      memory.call(caller(null), "remember", { entries: { "run:ok": 1, "workspace:no": 1 } }),
    ).rejects.toMatchObject(refused);
    expect(await memory.call(caller("a"), "get", { key: "run:ok" })).toMatchObject({ found: false });
  });

  test("a call that is made again under its key writes once and answers the same", async () => {
    const memory = make();
    const again = caller("a", `again ${calls}`);
    const answers = [];
    for (let n = 0; n < 3; n += 1)
      answers.push(await memory.call(again, "append", { key: "run:once", value: 1 }));
    expect(answers).toEqual(Array.from({ length: 3 }, () => ({ key: "run:once", version: 1 })));
    await memory.call(caller("a"), "append", { key: "run:once", value: 2 });
    expect(await memory.call(again, "append", { key: "run:once", value: 1 })).toMatchObject({ version: 1 });
    expect(await memory.call(caller("a"), "get", { key: "run:once" })).toMatchObject({ value: [1, 2] });
    const task = caller(null, `task ${calls}`);
    const entries = { "run:kept": "x", "flow:case.kept": "y" };
    const first = await memory.call(task, "remember", { entries, as: "note" });
    expect(await memory.call(task, "remember", { entries, as: "note" })).toEqual(first);
  });

  test("of all who write over one version at once, one wins and the others are told", async () => {
    const memory = make();
    await memory.call(caller("a"), "set", { key: "run:race", value: 0 });
    const { version } = (await memory.call(caller("a"), "get", { key: "run:race" })) as { version: number };
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (__, n) =>
        memory.call(caller("a"), "set", { key: "run:race", value: n + 1, ifVersion: version }),
      ),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "conflict" });
    }
  });

  test("a flow's seeds are there before its runs read, and don't undo what came since", async () => {
    const memory = make();
    await memory.seed({ workspace, run, flow });
    const read = (key: string) => memory.read({ workspace, run }, [key]);
    expect((await read("flow:greeting")).get("flow:greeting")).toEqual({ value: "Hello", version: 1 });
    await memory.call(caller("a"), "set", { key: "run:state", value: "closed" });
    await memory.seed({ workspace, run, flow });
    expect((await read("run:state")).get("run:state")).toEqual({ value: "closed", version: 2 });
    expect((await read("run:none")).get("run:none")).toEqual({ value: null, version: 0 });
  });

  test("entries expire", async () => {
    const memory = make();
    await memory.call(caller("a"), "set", { key: "run:soon", value: 1, expiresInSeconds: 60 });
    expect(await memory.call(caller("a"), "get", { key: "run:soon" })).toMatchObject({ found: true });
    clock += 60_000;
    expect(await memory.call(caller("a"), "get", { key: "run:soon" })).toMatchObject({ found: false });
  });
});

describe("people and agents", () => {
  test("20 agents and 5 people write at once: nothing is lost, and each version knows its writer", async () => {
    const team = flowOf(
      `id: team\nagents:\n${Array.from(
        { length: 20 },
        (_, n) => `  a${n}: { tools: [memory], memory: { write: ["flow:*"], read: ["flow:*"] } }\n`,
      ).join("")}tasks: [{ id: t, log: x }]\n`,
    );
    const agents = Array.from({ length: 20 }, (_, n) =>
      (async () => {
        for (let round = 0; round < 3; round += 1) {
          const from = { workspace, run, flow: team, path: "t", key: `team ${n} ${round}`, agent: `a${n}` };
          await kept.call(from, "append", { key: "flow:shared", value: `a${n}.${round}` });
          await kept.call({ ...from, key: `${from.key} own` }, "set", {
            key: `flow:own.a${n}`,
            value: round,
          });
        }
      })(),
    );
    const persons = Array.from({ length: 5 }, (_, n) =>
      (async () => {
        for (let round = 0; round < 3; round += 1) {
          await setEntry(people, person(`p${n}`), "flow_desk", `own.p${n}`, { value: round });
        }
      })(),
    );
    await Promise.all([...agents, ...persons]);
    const shared = await getEntry(people, person("p0"), "flow_desk", "shared");
    const expected = Array.from({ length: 60 }, (_, n) => `a${Math.floor(n / 3)}.${n % 3}`);
    expect([...(shared.value as string[])].toSorted()).toEqual(expected.toSorted());
    expect(shared.version).toBe(60);
    const { versions } = await entryHistory(people, person("p0"), "flow_desk", "shared");
    for (const { value, by, run: writtenIn } of versions) {
      const last = (value as string[]).at(-1) ?? "";
      expect([by.kind, by.id, writtenIn]).toEqual(["agent", `agent:team/${last.split(".")[0]}`, run]);
    }
    const { entries } = await listEntries(people, person("p0"), "flow_desk", { prefix: "own." });
    expect(entries).toHaveLength(25);
    for (const { name, value, by, version } of entries) {
      const who = name.slice(4);
      expect([value, version]).toEqual([2, 3]);
      expect([by.kind, by.id]).toEqual(
        who.startsWith("a") ? ["agent", `agent:team/${who}`] : ["person", who],
      );
    }
  });

  test("what a person writes is what an agent reads next, and the page tells which task read it", async () => {
    await kept.call(caller("a"), "set", { key: "flow:case.plan", value: "first" });
    await setEntry(people, person("ada"), "flow_desk", "case.plan", { value: "second", ifVersion: 1 });
    expect(await kept.call(caller("a"), "get", { key: "flow:case.plan" })).toMatchObject({
      value: "second",
      writtenBy: "Name of ada",
    });
    await kept.note({ workspace, run: "run_part" as RunId }, [
      { key: "flow:case.plan", path: "x", version: 2 },
    ]);
    const entry = await getEntry(people, person("eve", ["viewer"]), "flow_desk", "case.plan");
    expect(
      entry.readBy.map(({ runId, path, agent, version }) => [runId, path, agent, version]).toSorted(),
    ).toEqual([
      ["run_memory", "t", "a", 2],
      ["run_part", "x", "", 2],
    ]);
    await expect(
      setEntry(people, person("ada"), "flow_desk", "case.plan", { value: "late", ifVersion: 1 }),
    ).rejects.toMatchObject({ code: "conflict" });
  });

  test("parts of a run share its memory", async () => {
    await kept.call({ ...caller("a"), run: "run_part" as RunId }, "set", { key: "run:shared", value: 7 });
    expect(await kept.call(caller("a"), "get", { key: "run:shared" })).toMatchObject({ value: 7 });
  });

  test("viewers see and change nothing; another workspace has none of it", async () => {
    const viewer = person("eve", ["viewer"]);
    await kept.call(caller("a"), "set", { key: "flow:case.seen", value: 1 });
    expect((await listEntries(people, viewer, "flow_desk", { text: "case.seen" })).entries).toHaveLength(1);
    expect((await listMemories(people, viewer)).flows).toMatchObject([
      { subject: "flow_desk", title: "Desk" },
    ]);
    const refused = { code: "forbidden" };
    await expect(setEntry(people, viewer, "flow_desk", "case.seen", { value: 2 })).rejects.toMatchObject(
      refused,
    );
    await expect(forget(people, viewer, "flow_desk", "case.seen")).rejects.toMatchObject(refused);
    await expect(undoWrites(people, viewer, "flow_desk", "agent:desk/a", null)).rejects.toMatchObject(
      refused,
    );
    const stranger = person("mallory", ["owner"], "ws_other" as WorkspaceId);
    await expect(listEntries(people, stranger, "flow_desk", {})).rejects.toMatchObject({ code: "not-found" });
    await expect(setEntry(people, stranger, "flow_desk", "x", { value: 1 })).rejects.toMatchObject({
      code: "not-found",
    });
    expect((await listEntries(people, stranger, undefined, {})).entries).toEqual([]);
  });

  test("one agent's writes are undone, audited, and what others wrote stays", async () => {
    await setEntry(people, person("ada"), undefined, "policy", { value: "30 days" });
    const wild = flowOf(
      `id: wild\nagents: { w: { tools: [memory], memory: { write: ["workspace:*"] } } }\ntasks: [{ id: t, log: x }]\n`,
    );
    const from = { workspace, run, flow: wild, path: "t", agent: "w" };
    await kept.call({ ...from, key: "wild 1" }, "set", { key: "workspace:policy", value: "never" });
    await kept.call({ ...from, key: "wild 2" }, "set", { key: "workspace:made-up", value: 1 });
    expect(await undoWrites(people, person("ada"), undefined, "agent:wild/w", null)).toEqual([
      "made-up",
      "policy",
    ]);
    const { entries } = await listEntries(people, person("ada"), undefined, {});
    expect(entries.map(({ name, value }) => [name, value])).toEqual([["policy", "30 days"]]);
    expect(await forget(people, person("ada"), undefined, "policy")).toBe(true);
    const { rows } = await db.pool.query<{ action: string; actor_id: string }>(
      "select action, actor_id from audit_entry where workspace_id = $1 and subject_id = $1 order by seq",
      [workspace],
    );
    expect(rows.map(({ action, actor_id: actor }) => [action, actor])).toEqual([
      ["memory.set", "ada"],
      ["memory.undone", "ada"],
      ["memory.forgotten", "ada"],
    ]);
  });

  test("nobody writes memory but memory itself: provenance can't be made up", async () => {
    const forged = live.edit(
      person("mallory", ["owner"]),
      { kind: "memory", subject: "flow_desk" },
      {
        author: { id: "ada", name: "Ada" },
        key: "forged",
        edit: (doc) => void doc.getMap("entries").set("case.seen", { version: 9 }),
      },
    );
    await expect(forged).rejects.toMatchObject({ code: "forbidden" });
    await expect(forged).rejects.toThrow("written by its verbs");
  });
});
