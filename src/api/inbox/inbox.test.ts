import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunId, WorkspaceId } from "#base/index.ts";
import { systemScope, writeAudit } from "#governance/index.ts";
import { transaction } from "#platform/index.ts";
import { errorOf, startTestApi, type TestApi, type TestMember } from "../testing.ts";
import { approvalPort, decideApproval, listNotifications, notifyMembers } from "#people/index.ts";

let api: TestApi;
let workspace: WorkspaceId;
let operator: TestMember;
let ada: TestMember;
let bob: TestMember;
let run: RunId;

beforeAll(async () => {
  api = await startTestApi();
  workspace = await api.workspace("people");
  ada = await api.member(workspace, ["approver", "builder"], "Ada");
  bob = await api.member(workspace, ["approver"], "Bob");
  operator = await api.member(workspace, ["operator"], "Olga");
});
afterAll(() => api.close());
beforeEach(async () => {
  run = await api.run(ada);
});

const approve = (who: TestMember, approval: { id: string; hash: string }, change = {}) =>
  decideApproval(api.db, who.scope, {
    ...approval,
    decision: "approve",
    comment: "",
    answer: null,
    ...change,
  });

const rows = async <Row>(sql: string, ...params: unknown[]): Promise<Row[]> =>
  (await api.db.pool.query(sql, params)).rows as Row[];
const signals = (approval: { id: string }) =>
  rows<{ body: string }>(
    "select body from run_inbox where run_id = $1 and source = $2",
    run,
    `approval:${approval.id}`,
  );
const audits = (approval: { id: string }) =>
  rows<{ action: string; body: string; actor_id: string }>(
    "select * from audit_entry where subject_id = $1",
    approval.id,
  );

describe("an approval", () => {
  it("is decided once: row, signal and audit together", async () => {
    const approval = await api.ask({ run, workspace });
    const view = await approve(ada, approval, { comment: " Fine " });
    expect(view).toMatchObject({
      state: "decided",
      decision: "approve",
      commentText: "Fine",
      mayDecide: false,
    });
    const [signal] = await signals(approval);
    expect(JSON.parse(signal?.body ?? "")).toEqual({
      kind: "approval",
      approvalId: approval.id,
      decision: "approve",
      comment: "Fine",
      answer: null,
      by: { kind: "user", id: ada.id, name: "Ada" },
    });
    const [audit, ...more] = await audits(approval);
    expect(more).toEqual([]);
    expect(audit).toMatchObject({ action: "approval.decided", actor_id: ada.id });
    expect(JSON.parse(audit?.body ?? "")).toMatchObject({ hash: approval.hash, decision: "approve" });
  });

  it("takes two clicks of one person as one", async () => {
    const approval = await api.ask({ run, workspace });
    const both = await Promise.all([approve(ada, approval), approve(ada, approval)]);
    expect(both.map((view) => view.decidedAt)).toEqual([both[0].decidedAt, both[0].decidedAt]);
    expect(await signals(approval)).toHaveLength(1);
    expect(await audits(approval)).toHaveLength(1);
  });

  it("tells the second of two people who decided, and what", async () => {
    const approval = await api.ask({ run, workspace });
    const results = await Promise.allSettled([
      approve(ada, approval),
      approve(bob, approval, { decision: "reject", comment: "No" }),
    ]);
    expect(results.map((result) => result.status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const loser = results.find((result) => result.status === "rejected");
    const winner = results[0].status === "fulfilled" ? ada : bob;
    expect(loser?.reason).toMatchObject({
      code: "conflict",
      message: expect.stringContaining(`${winner.name} decided this already`) as string,
      details: { reason: "decided", decidedBy: { id: winner.id } },
    });
    expect(await signals(approval)).toHaveLength(1);
    // Changing one's mind comes too late as well.
    const other = winner === ada ? "reject" : "approve";
    expect(await errorOf(approve(winner, approval, { decision: other, comment: "x" }))).toMatchObject({
      code: "conflict",
    });
  });

  it("and its deadline: one of them wins, and both say which", async () => {
    const port = approvalPort(api.db);
    for (let round = 0; round < 8; round += 1) {
      const approval = await api.ask({ run, workspace });
      const question = { workspace, approvalId: approval.id };
      const [decided, expired] = await Promise.allSettled([approve(ada, approval), port.expire(question)]);
      const winner = decided.status === "fulfilled" ? "decided" : "expired";
      expect(expired).toEqual({ status: "fulfilled", value: winner });
      expect(await signals(approval)).toHaveLength(winner === "decided" ? 1 : 0);
      if (decided.status === "rejected") {
        expect(decided.reason).toMatchObject({ code: "conflict", details: { reason: "expired" } });
      }
    }
  });

  it("is refused once its deadline has passed by Postgres' clock", async () => {
    const approval = await api.ask({ run, workspace }, { deadline: Date.now() - 1000 });
    expect(await errorOf(approve(ada, approval))).toMatchObject({
      code: "conflict",
      details: { reason: "expired" },
    });
    expect(await ada.call.inbox.list({ state: "pending" })).not.toContainEqual(
      expect.objectContaining({ id: approval.id }),
    );
  });

  it("that a cancelled run asks while it tidies up can be decided", async () => {
    await ada.call.run.cancel({ id: run, reason: "Wrong order" });
    await api.db.pool.query(
      "update run_inbox set consumed_at = now(), created_at = now() - interval '1 second' where run_id = $1",
      [run],
    );
    await api.db.pool.query("update run set state = 'cancelling' where id = $1", [run]);
    const approval = await api.ask({ run, workspace });
    expect(await approve(ada, approval)).toMatchObject({ state: "decided" });
  });

  it("is put before people whatever characters a model gave its title", async () => {
    const approval = await api.ask({ run, workspace }, { title: "Block \0x" });
    const view = await approve(ada, approval, { comment: "Fine\0" });
    expect(view).toMatchObject({ title: "Block \uFFFDx", commentText: "Fine\uFFFD" });
  });

  it("of a cancelled run is refused with that reason, at once", async () => {
    const approval = await api.ask({ run, workspace });
    await ada.call.run.cancel({ id: run, reason: "Wrong order" });
    expect(await errorOf(approve(ada, approval))).toMatchObject({
      code: "conflict",
      message: "The run was cancelled, so nothing is left to decide.",
    });
    await approvalPort(api.db).withdraw({ workspace, approvalId: approval.id });
    expect(await errorOf(approve(ada, approval))).toMatchObject({ details: { reason: "cancelled" } });
    expect(await signals(approval)).toEqual([]);
  });

  it("of a run that is over leaves no decision behind", async () => {
    const approval = await api.ask({ run, workspace });
    await api.db.pool.query("update run set finished_at = now(), state = 'running' where id = $1", [run]);
    expect(await errorOf(approve(ada, approval))).toMatchObject({ code: "conflict" });
    expect(await rows("select state from approval where id = $1", approval.id)).toEqual([
      { state: "pending" },
    ]);
    expect(await audits(approval)).toEqual([]);
  });

  it("is refused for another text than the one that was seen", async () => {
    const approval = await api.ask({ run, workspace });
    expect(await errorOf(approve(ada, { ...approval, hash: "0".repeat(64) }))).toMatchObject({
      code: "conflict",
      details: { reason: "stale" },
    });
    expect((await approve(ada, approval)).state).toBe("decided");
  });

  it("is for whom it is assigned to", async () => {
    const by = (change: object) => ({
      by: { roles: [], users: [], quorum: 1, excludeStarter: false, ...change },
    });
    const named = await api.ask({ run, workspace }, by({ users: ["BOB@nowhere", bob.email.toUpperCase()] }));
    expect((await errorOf(approve(ada, named))).code).toBe("forbidden");
    expect((await approve(bob, named)).state).toBe("decided");
    const notMine = await api.ask({ run, workspace }, by({ excludeStarter: true }));
    expect((await errorOf(approve(ada, notMine))).message).toBe(
      "Whoever started the run may not decide this.",
    );
    const [seen] = (await ada.call.run.get({ id: run })).approvals.filter(({ id }) => id === notMine.id);
    expect(seen).toMatchObject({ mayDecide: false, deciders: ["Bob"], by: { excludeStarter: true } });
    expect((await approve(bob, notMine)).state).toBe("decided");
    const admins = await api.ask({ run, workspace }, by({ roles: ["admin"] }));
    expect((await errorOf(approve(bob, admins))).code).toBe("forbidden");
    expect((await errorOf(approve(operator, admins))).message).toContain('"approval.decide"');
  });

  it("holds to its decisions and its rule of comments", async () => {
    const approval = await api.ask({ run, workspace });
    expect((await errorOf(approve(ada, approval, { decision: "maybe" }))).hint).toContain("approve, reject");
    const silent = await errorOf(approve(ada, approval, { decision: "reject", comment: "  " }));
    expect(silent).toMatchObject({ code: "bad-input", details: { fields: { comment: ["Required."] } } });
    const always = await api.ask({ run, workspace }, { comment: "always" });
    expect((await errorOf(approve(ada, always))).code).toBe("bad-input");
    expect((await approve(ada, approval, { decision: "reject", comment: "Too much" })).decision).toBe(
      "reject",
    );
  });

  it("that asks for fields takes answers of their shape only", async () => {
    const fields = {
      type: "object",
      properties: { amount: { type: "number", minimum: 0 } },
      required: ["amount"],
      additionalProperties: false,
    };
    const form = await api.ask(
      { run, workspace },
      {
        kind: "form",
        fields,
        decisions: [{ decision: "submit", label: "Send", tone: "primary" }],
        comment: "never",
      },
    );
    const wrong = await errorOf(approve(operator, form, { decision: "submit", answer: { amount: -1 } }));
    expect(wrong).toMatchObject({ code: "bad-input", details: { fields: { amount: [expect.any(String)] } } });
    expect(await errorOf(approve(operator, form, { decision: "submit" }))).toMatchObject({
      code: "bad-input",
      message: 'The answer does not fit: "amount" is required.',
      details: { fields: { amount: ['"amount" is required.'] } },
    });
    expect(
      await errorOf(approve(operator, form, { decision: "submit", answer: { amount: "four" } })),
    ).toMatchObject({ details: { fields: { amount: ["Must be a number."] } } });
    // As it comes out of a field that is typed into.
    await approve(operator, form, { decision: "submit", answer: { amount: "4" } });
    expect(JSON.parse((await signals(form))[0]?.body ?? "")).toMatchObject({ answer: { amount: 4 } });
    expect((await audits(form))[0]?.action).toBe("form.answered");
  });

  describe("that takes several people", () => {
    const of = (quorum: number, change: object = {}) => ({
      by: { roles: [], users: [], quorum, excludeStarter: false, ...change },
    });
    const settled = (results: PromiseSettledResult<unknown>[]) =>
      results.filter((one) => one.status === "fulfilled").length;
    let first: TestMember;
    let second: TestMember;
    let more: TestMember[];
    let place: WorkspaceId;
    beforeAll(async () => {
      place = await api.workspace("crowd");
      first = await api.member(place, ["approver", "builder"], "Grace");
      second = await api.member(place, ["approver"], "Linus");
      more = await Promise.all(
        Array.from({ length: 8 }, (_, n) => api.member(place, ["approver"], `Member ${n}`)),
      );
    });
    beforeEach(async () => {
      run = await api.run(first);
    });

    it("is decided by the last that it takes, and each of them is on record", async () => {
      const approval = await api.ask({ run, workspace: place }, of(2));
      expect(await approve(first, approval, { comment: "Fine" })).toMatchObject({
        state: "pending",
        quorum: 2,
        votes: [{ id: first.id, name: "Grace", decision: "approve", comment: "Fine" }],
        mayDecide: false,
        whyNot: "You approved this. One more person must, too.",
      });
      expect(await signals(approval)).toEqual([]);
      expect(await first.call.inbox.list()).not.toContainEqual(expect.objectContaining({ id: approval.id }));
      const [seen] = (await second.call.inbox.list()).filter(({ id }) => id === approval.id);
      expect(seen).toMatchObject({ mayDecide: true, votes: [{ name: "Grace" }] });
      expect(seen?.deciders).not.toContain("Grace");
      expect(await approve(second, approval)).toMatchObject({
        state: "decided",
        decidedBy: { name: "Linus" },
      });
      expect(JSON.parse((await signals(approval))[0]?.body ?? "")).toMatchObject({
        decision: "approve",
        by: { name: "Linus" },
        votes: [
          { by: { id: first.id, name: "Grace" }, decision: "approve", comment: "Fine" },
          { by: { id: second.id, name: "Linus" }, decision: "approve", comment: "" },
        ],
      });
      const found = await audits(approval);
      expect(found.map((one) => one.action).toSorted()).toEqual(["approval.decided", "approval.voted"]);
    });

    it("never counts one person twice, not even at the same moment", async () => {
      const approval = await api.ask({ run, workspace: place }, of(2));
      const both = await Promise.all(Array.from({ length: 5 }, () => approve(first, approval)));
      expect(both.every((view) => view.state === "pending" && view.votes.length === 1)).toBe(true);
      expect(await errorOf(approve(first, approval, { decision: "reject", comment: "x" }))).toMatchObject({
        code: "conflict",
        details: { reason: "voted" },
      });
      expect(await audits(approval)).toHaveLength(1);
      expect(await signals(approval)).toEqual([]);
    });

    it("is decided once when two approve at once", async () => {
      for (let round = 0; round < 5; round += 1) {
        const approval = await api.ask({ run, workspace: place }, of(2));
        await Promise.all([approve(first, approval), approve(second, approval)]);
        expect(await signals(approval)).toHaveLength(1);
        expect(await rows("select state, votes from approval where id = $1", approval.id)).toMatchObject([
          { state: "decided", votes: [{ decision: "approve" }, { decision: "approve" }] },
        ]);
      }
    });

    it("counts exactly as many as it takes of 100 decisions at once", async () => {
      const people = [first, second, ...more];
      const approval = await api.ask({ run, workspace: place }, of(3));
      const results = await Promise.allSettled(
        Array.from({ length: 100 }, (_, n) => approve(people[n % people.length] ?? first, approval)),
      );
      const [row] = await rows<{ state: string; votes: { id: string }[] }>(
        "select state, votes from approval where id = $1",
        approval.id,
      );
      const voters = (row?.votes ?? []).map((vote) => vote.id);
      expect(row?.state).toBe("decided");
      expect(new Set(voters).size).toBe(3);
      expect(voters).toHaveLength(3);
      expect(await signals(approval)).toHaveLength(1);
      // Those who counted are told so as often as they ask; everybody else hears who was first.
      expect(settled(results)).toBe(voters.length * 10);
      for (const one of results) {
        if (one.status === "rejected") expect(one.reason).toMatchObject({ details: { reason: "decided" } });
      }
    });

    it("is rejected by the first who says no, and is not for who started the run where that is declared", async () => {
      const rejected = await api.ask({ run, workspace: place }, of(3));
      await approve(first, rejected);
      expect(await approve(second, rejected, { decision: "reject", comment: "No" })).toMatchObject({
        state: "decided",
        decision: "reject",
      });
      expect((await errorOf(approve(more[0] ?? first, rejected))).details).toMatchObject({
        reason: "decided",
      });
      const apart = await api.ask({ run, workspace: place }, of(2, { excludeStarter: true }));
      expect((await errorOf(approve(first, apart))).code).toBe("forbidden");
      await approve(second, apart);
      expect((await approve(more[0] ?? first, apart)).state).toBe("decided");
    });
  });

  it("that nobody decides comes to others as well, who are told once, and each time that they are named", async () => {
    const port = approvalPort(api.db);
    const approval = await api.ask(
      { run, workspace },
      { by: { roles: ["admin"], users: [], quorum: 1, excludeStarter: false } },
    );
    const further = (to: { roles: string[]; users: string[] }) =>
      port.widen({ workspace, approvalId: approval.id, to: { ...to, quorum: 1, excludeStarter: false } });
    expect((await errorOf(approve(bob, approval))).code).toBe("forbidden");
    await further({ roles: [], users: [bob.email] });
    await further({ roles: [], users: [bob.email] });
    const told = async (who: TestMember) =>
      (await listNotifications(api.db, who.scope)).filter((each) =>
        each.text.includes("comes to you as well"),
      );
    expect(await told(bob)).toHaveLength(1);
    expect(await told(ada)).toHaveLength(0);
    await further({ roles: ["approver"], users: [] });
    expect(await told(bob)).toHaveLength(2);
    expect(await ada.call.inbox.list()).toContainEqual(
      expect.objectContaining({
        id: approval.id,
        by: expect.objectContaining({ users: [bob.email] }) as object,
      }),
    );
    expect((await approve(bob, approval)).state).toBe("decided");
    expect((await told(bob)).every((each) => each.readAt !== null)).toBe(true);
    await further({ roles: ["operator"], users: [] });
    expect(await told(operator)).toHaveLength(0);
  });

  it("about a failed task is for operators too, and takes an answer for one choice only", async () => {
    const escalation = {
      kind: "escalation",
      title: "pay failed. How should it go on?",
      by: { roles: ["operator"], users: [], quorum: 1, excludeStarter: false },
      decisions: [
        { decision: "retry", label: "Try again: attempt 2", tone: "primary" },
        { decision: "answer", label: "Give the output instead", tone: "plain" },
      ],
      fields: { type: "object", properties: { output: { type: "number" } }, required: ["output"] },
      answers: ["answer"],
    } as const;
    const first = await api.ask({ run, workspace }, escalation);
    expect((await errorOf(approve(bob, first, { decision: "retry" }))).code).toBe("forbidden");
    expect(await operator.call.inbox.list()).toContainEqual(
      expect.objectContaining({ id: first.id, kind: "escalation", answers: ["answer"] }),
    );
    expect((await approve(operator, first, { decision: "retry" })).decision).toBe("retry");
    expect((await audits(first))[0]).toMatchObject({ action: "escalation.decided", actor_id: operator.id });
    const second = await api.ask({ run, workspace }, escalation);
    const wrong = approve(operator, second, { decision: "answer", answer: { output: "four" } });
    expect((await errorOf(wrong)).code).toBe("bad-input");
    await approve(operator, second, { decision: "answer", answer: { output: 4 } });
    expect(JSON.parse((await signals(second))[0]?.body ?? "")).toMatchObject({ answer: { output: 4 } });
  });

  it("tells those who can decide, once, until it is decided", async () => {
    const unread = async (who: TestMember) =>
      (await listNotifications(api.db, who.scope)).filter((each) => each.readAt === null);
    await ada.call.inbox.read({ all: true });
    await bob.call.inbox.read({ all: true });
    await operator.call.inbox.read({ all: true });
    const approval = await api.ask({ run, workspace }, { id: `appr_${run.slice(4)}` });
    await api.ask({ run, workspace }, { id: approval.id });
    expect(await unread(ada)).toMatchObject([{ kind: "approval", title: "Refund 40 EUR for order 7?" }]);
    expect(await unread(bob)).toHaveLength(1);
    expect(await unread(operator)).toEqual([]);
    expect(await bob.call.inbox.count()).toMatchObject({ unread: 1 });
    await approve(ada, approval);
    expect([await unread(ada), await unread(bob)]).toEqual([[], []]);
  });
});

describe("a message", () => {
  it("finds members by role, address, name or all of them, once for each source", async () => {
    const scope = systemScope(workspace, "engine");
    const message = { kind: "message" as const, title: "Hello", text: "", href: "/", source: "run:x:1" };
    expect(await notifyMembers(api.db, scope, "approver", message)).toEqual({ notified: 2 });
    expect(await notifyMembers(api.db, scope, operator.email, message)).toEqual({ notified: 1 });
    expect(await notifyMembers(api.db, scope, "everyone", message)).toEqual({ notified: 3 });
    expect(await notifyMembers(api.db, scope, "nobody", message)).toEqual({ notified: 0 });
    expect(await notifyMembers(api.db, scope, "admin", message)).toEqual({ notified: 0 });
    await api.member(workspace, ["owner"]);
    expect(await notifyMembers(api.db, scope, "admin", message)).toEqual({ notified: 1 });
    expect(
      (await listNotifications(api.db, operator.scope)).filter((each) => each.title === "Hello"),
    ).toHaveLength(1);
  });
});

describe("the audit", () => {
  it("is written with the thing itself or not at all", async () => {
    const before = await rows("select seq from audit_entry");
    const failing = transaction(api.db, async (tx) => {
      const record = { action: "x.done", subject: { kind: "x", id: "1" }, body: { b: 1, a: 2 } };
      await writeAudit(tx, ada.scope, record);
      throw new Error("The thing itself failed.");
    });
    await expect(failing).rejects.toThrow("The thing itself");
    expect(await rows("select seq from audit_entry")).toHaveLength(before.length);
  });

  it("keeps canonical text, and neither changes nor forgets", async () => {
    await transaction(api.db, (tx) =>
      writeAudit(tx, ada.scope, {
        action: "x.done",
        subject: { kind: "x", id: "kept" },
        body: { b: 1, a: 2 },
      }),
    );
    expect(await rows("select body from audit_entry where subject_id = 'kept'")).toEqual([
      { body: '{"a":2,"b":1}' },
    ]);
    await expect(rows("update audit_entry set body = '' where subject_id = 'kept'")).rejects.toThrow();
    await expect(rows("delete from audit_entry where subject_id = 'kept'")).rejects.toThrow();
  });
});
