import { describe, expect, it } from "vitest";
import type { ApprovalView } from "#api/index.ts";
import { asFields, costLines, detailOf, logLines, runsBelow } from "./detail.ts";
import { costOf, either, instant, money, span, spanInWords } from "./format.ts";
import { nodeStates } from "./graph.ts";
import { headerOf, newestPath } from "./header.ts";
import { metersOf } from "./meters.ts";
import { placesOf, staticPathOf } from "./paths.ts";
import { readPlace, writePlace } from "./place.ts";
import {
  at,
  modelBegun,
  modelFinished,
  sampleFlow,
  started,
  stateOf,
  taskStarted,
  waitingForRefund,
} from "./sample.testing.ts";
import { timelineOf } from "./timeline.ts";
import { traceTree, visibleRows, type TraceRow } from "./tree.ts";

const row = { state: "waiting", headline: "" };
const outline = (rows: readonly TraceRow[]): string[] =>
  visibleRows(rows, new Set()).map(({ row: one, depth }) => `${"  ".repeat(depth)}${one.name} ${one.state}`);
const decided = at(60, {
  type: "approval-decided",
  path: "route/refund",
  approvalId: "appr_1",
  decision: "approve",
  by: { kind: "user", id: "user_1", name: "Ada" },
  comment: "",
  answer: null,
});

describe("paths", () => {
  it("names every place on the way to a task", () => {
    expect(placesOf("each[2]/greet").map((place) => `${place.kind} ${place.path}`)).toEqual([
      "task each",
      "iteration each[2]",
      "task each[2]/greet",
    ]);
    expect(placesOf("settle/!errors/tell").map((place) => place.kind)).toEqual(["task", "block", "task"]);
  });
  it("drops the numbers of iterations", () => {
    expect(staticPathOf("a[1]/b[0]/c")).toBe("a/b/c");
  });
});

describe("the trace", () => {
  it("shows tasks, model calls, calls that wait, and what has not begun", () => {
    expect(outline(traceTree(stateOf(waitingForRefund), sampleFlow))).toEqual([
      "sort done",
      "  model call done",
      "route running",
      "  refund waiting",
      "    model call done",
      "    pay.refund waiting",
      "  tell pending",
      "close pending",
    ]);
  });

  it("adds up what a task and what it holds cost", () => {
    const rows = traceTree(stateOf(waitingForRefund), sampleFlow);
    expect(rows.map((one) => one.cost)).toEqual([0.02, 0.01, null]);
  });

  it("leaves out branches that were not taken and says why others were skipped", () => {
    const state = stateOf([
      started,
      at(1, { type: "task-skipped", path: "route", id: "route", kind: "switch", reason: "when" }),
      at(1, { type: "task-skipped", path: "close", id: "close", kind: "approval", reason: "branch" }),
    ]);
    const rows = traceTree(state, null);
    expect(rows.map((one) => `${one.name}: ${one.note}`)).toEqual(["route: its condition did not hold"]);
  });

  it("says what a run that is over never came to", () => {
    const state = stateOf([
      started,
      at(1, { type: "run-finished", outcome: "cancelled", outputs: null, error: null }),
    ]);
    expect(traceTree(state, sampleFlow).every((one) => one.state === "unreached")).toBe(true);
  });

  it("groups the iterations of a loop and closes finished ones when there are many", () => {
    const loop = Array.from({ length: 5 }, (_, index) => [
      taskStarted(index, `each[${index}]/greet`, "log"),
      ...(index < 4
        ? [at(index, { type: "task-succeeded", path: `each[${index}]/greet`, output: null } as const)]
        : []),
    ]).flat();
    const lines = outline(traceTree(stateOf([started, taskStarted(0, "each", "foreach"), ...loop]), null));
    expect(lines).toEqual([
      "each running",
      "  each 1 done",
      "  each 2 done",
      "  each 3 done",
      "  each 4 done",
      "  each 5 running",
      "    greet running",
    ]);
  });
});

describe("the header", () => {
  it("says who is awaited, since when and until when", () => {
    const state = stateOf(waitingForRefund);
    const views = [{ id: "appr_1", mayDecide: false, deciders: ["Ada", "Grace"] }] as ApprovalView[];
    expect(headerOf(state, views, row)).toMatchObject({
      mood: "waiting",
      title: "Waiting for Ada or Grace: refund 40 EUR",
      who: "Ada or Grace can decide",
      since: 6000,
      until: 90_000,
      path: "route/refund",
    });
    const mine = [{ ...views[0], mayDecide: true }] as ApprovalView[];
    expect(headerOf(state, mine, row).title).toBe("Waiting for you: refund 40 EUR");
    expect(headerOf(state, [], row).title).toBe("Waiting for approvers: refund 40 EUR");
  });

  it("says what goes on meanwhile", () => {
    const state = stateOf([...waitingForRefund, modelBegun(7, "route/refund", 1, "specialist")]);
    expect(headerOf(state, [], row).meanwhile).toBe("specialist works on refund meanwhile");
  });

  it("says what is under way, and the newest of several", () => {
    const state = stateOf([
      started,
      taskStarted(0, "a", "agent"),
      modelBegun(0, "a", 0, "one"),
      taskStarted(1, "b", "agent"),
      modelBegun(1, "b", 0, "two"),
    ]);
    expect(headerOf(state, [], { state: "running", headline: "" })).toMatchObject({
      title: "Two works on b",
      meanwhile: "1 more under way",
    });
    expect(newestPath(state)).toBe("b");
  });

  it("gives the error and its place when the run failed", () => {
    const error = { code: "timeout", message: "It took too long", hint: "Raise the timeout", task: "sort" };
    const state = stateOf([
      started,
      taskStarted(0, "sort", "agent"),
      at(1, { type: "task-failed", path: "sort", error, handled: false }),
      at(1, { type: "run-finished", outcome: "failed", outputs: null, error }),
    ]);
    expect(headerOf(state, [], row)).toMatchObject({
      mood: "failed",
      title: "Failed: It took too long",
      who: "Raise the timeout",
      path: "sort",
    });
  });

  it("knows queued, cancelling and dead-lettered runs", () => {
    const running = stateOf([started]);
    expect(headerOf(running, [], { state: "dead-lettered", headline: "x" }).mood).toBe("dead-lettered");
    expect(headerOf(stateOf([]), [], { state: "queued", headline: "" }).mood).toBe("queued");
    const by = { kind: "user", id: "u", name: "Ada" } as const;
    const cancelling = stateOf([started, at(2, { type: "run-cancel-requested", by, reason: "wrong" })]);
    expect(headerOf(cancelling, [], row)).toMatchObject({
      mood: "cancelling",
      who: "Ada asked for it: wrong",
    });
  });

  it("puts a short answer into the sentence when the run succeeded", () => {
    const done = (text: string) =>
      headerOf(
        stateOf([
          started,
          at(1, { type: "run-finished", outcome: "succeeded", outputs: { text }, error: null }),
        ]),
        [],
        row,
      ).title;
    expect(done("**Refunded** 40 EUR. More words.")).toBe("Done: Refunded 40 EUR.");
    expect(done("word ".repeat(40))).toBe("Done");
  });
});

describe("meters", () => {
  it("show what is used of each limit", () => {
    const state = { ...stateOf(waitingForRefund), startedAt: 1000 };
    const meters = metersOf(state, sampleFlow, "EUR", 37_000);
    expect(meters.map(({ used, limit, share }) => ({ used, limit, share }))).toEqual([
      { used: "0.030", limit: "5.00 EUR", share: 0.006 },
      { used: "800", limit: "1,000", share: 0.8 },
      { used: "36 s", limit: "1 h", share: 0.01 },
    ]);
  });
  it("show steps and tasks where these have a limit, those of started runs with them", () => {
    const state = stateOf(waitingForRefund);
    const limited = { ...sampleFlow, limits: { steps: 10, tasks: 20 } };
    const usage = { ...state.usage, childSteps: 3, childTasks: 4 };
    const meters = metersOf({ ...state, usage }, limited, "EUR", 1000).slice(3);
    const used = [state.usage.modelCalls + 3, state.order.length + 4];
    expect(meters.map((one) => [one.name, one.used, one.limit])).toEqual([
      ["Steps", `${used[0]}`, "10"],
      ["Tasks", `${used[1]}`, "20"],
    ]);
    expect(meters[1]?.share).toBeCloseTo((used[1] ?? 0) / 20);
  });
  it("never say 0 for an unknown price", () => {
    const state = stateOf([
      started,
      taskStarted(0, "sort", "agent"),
      modelBegun(0, "sort", 0, "triage"),
      modelFinished(1, "sort", 0, { cost: "unknown" }),
    ]);
    expect(metersOf(state, null, "EUR", 1000)[0]).toMatchObject({ used: "unknown", limit: null });
    expect(costOf(state.usage)).toEqual({ cost: "unknown", partly: false });
    expect(costLines(state)[0]).toMatchObject({ calls: 1, unknownCosts: 1 });
  });
  it("count what started runs used, and tell it apart", () => {
    const request = { flow: "intake", revision: null, with: {}, waits: true, part: null };
    const used = { tokens: 400, cost: 0, unknownCosts: 2 };
    const ended = { outcome: "succeeded", outputs: {}, error: null, used } as const;
    const state = stateOf([
      started,
      taskStarted(0, "call", "flow"),
      at(0, { type: "child-requested", path: "call", key: "k", run: "run_2", request }),
      at(1, { type: "child-ended", path: "call", key: "k", ...ended }),
    ]);
    expect(runsBelow(state)).toEqual({ runs: 1, tokens: 400, cost: "unknown" });
    expect(metersOf(state, null, "EUR", 1000)[1]?.used).toBe("400");
  });
});

describe("the time line", () => {
  it("has a lane an agent, waiting apart, and ends what is under way now", () => {
    const line = timelineOf(stateOf(waitingForRefund), 20_000);
    expect(line.to).toBe(20_000);
    expect(line.lanes.map((lane) => lane.name)).toEqual(["triage", "specialist"]);
    expect(line.lanes[1]?.segments.map(({ kind, from, to, isLive }) => [kind, from, to, isLive])).toEqual([
      ["person", 6000, 20_000, true],
      ["model", 3000, 5000, false],
    ]);
  });
});

describe("the graph", () => {
  it("takes the most urgent state of a task's instances and counts them", () => {
    const state = stateOf([
      started,
      taskStarted(0, "each", "foreach"),
      taskStarted(0, "each[0]/greet", "log"),
      at(1, { type: "task-succeeded", path: "each[0]/greet", output: null }),
      taskStarted(1, "each[1]/greet", "log"),
    ]);
    expect(nodeStates(state)["each/greet"]).toMatchObject({ state: "running", count: 2, done: 1 });
    expect(nodeStates(stateOf(waitingForRefund))["route/refund"]).toMatchObject({
      state: "waiting",
      isSpread: false,
      waitingSince: 6000,
    });
  });
});

describe("the detail", () => {
  it("tells in order what was asked, said and called, with the approval at its call", () => {
    const task = stateOf(waitingForRefund).tasks["route/refund"];
    if (task === undefined) throw new Error("no task");
    const items = detailOf(task);
    expect(items.map((item) => item.kind)).toEqual(["asked", "model", "tool"]);
    expect(items[2]).toMatchObject({ tool: "pay.refund", approval: { approvalId: "appr_1" }, call: null });
  });

  it("shows the same call once it was approved and carried out", () => {
    const state = stateOf([
      ...waitingForRefund,
      decided,
      at(61, {
        type: "tool-call-begun",
        path: "route/refund",
        attempt: 1,
        step: 0,
        callId: "c1",
        key: "k1",
        tool: "pay.refund",
        args: { amount: 40 },
        risk: "high",
        agent: "specialist",
        approvedHash: "h",
      }),
      at(62, {
        type: "tool-call-finished",
        path: "route/refund",
        step: 0,
        callId: "c1",
        key: "k1",
        result: { ok: true },
      }),
    ]);
    const task = state.tasks["route/refund"];
    if (task === undefined) throw new Error("no task");
    const items = detailOf(task);
    expect(items.map((item) => item.kind)).toEqual(["asked", "model", "tool"]);
    expect(items[2]).toMatchObject({
      call: { end: { name: "finished" } },
      approval: { end: { decision: "approve" } },
    });
    expect(outline(traceTree(state, null))).toContain("    pay.refund done");
  });

  it("keeps asking at a call of which nobody knows whether it happened", () => {
    const asked = waitingForRefund.at(-1);
    if (asked?.body.type !== "approval-requested") throw new Error("the sample ends with a question");
    const begun = at(5, {
      type: "tool-call-begun",
      path: "route/refund",
      attempt: 1,
      step: 0,
      callId: "c1",
      key: "k1",
      tool: "pay.refund",
      args: {},
      risk: "high",
      agent: "specialist",
      approvedHash: null,
    });
    const state = stateOf([
      ...waitingForRefund.slice(0, -1),
      begun,
      at(6, { type: "effect-lost", path: "route/refund", key: "k1", reason: "the worker died" }),
      { ...asked, body: { ...asked.body, ask: { ...asked.body.ask, kind: "outcome-unknown" } } },
    ]);
    const task = state.tasks["route/refund"];
    if (task === undefined) throw new Error("no task");
    expect(detailOf(task).at(-1)).toMatchObject({
      call: { end: { name: "lost" } },
      approval: { end: null },
    });
    expect(outline(traceTree(state, null))).toContain("    pay.refund waiting");
  });

  it("reads answers by shape as fields and leaves words alone", () => {
    expect(asFields(' {"a": 1} ')).toEqual({ a: 1 });
    expect(asFields("```json\n[1]\n```")).toEqual([1]);
    expect(asFields("{ not json }")).toBeNull();
    expect(asFields("words")).toBeNull();
  });

  it("collects log lines of all tasks", () => {
    const state = stateOf([
      started,
      taskStarted(0, "note", "log"),
      at(1, { type: "log-written", path: "note", level: "warn", message: "hm" }),
    ]);
    expect(logLines(state)).toEqual([{ path: "note", level: "warn", message: "hm", at: 1000 }]);
  });
});

describe("the place in the URL", () => {
  it("survives a round trip, with indexes and slashes", () => {
    const place = { task: "each[2]/greet now&then", at: 31 };
    expect(readPlace(new URLSearchParams(writePlace(place)))).toEqual(place);
    expect(writePlace({ task: null, at: null })).toBe("");
  });
  it("ignores moments that are no numbers", () => {
    expect(readPlace(new URLSearchParams("task=&at=-3"))).toEqual({ task: null, at: null });
  });
});

describe("figures", () => {
  it("are written as people read them", () => {
    expect([span(300), span(6400, true), span(128_000), span(3_723_000), span(2 * 86_400_000)]).toEqual([
      "0.3 s",
      "6 s",
      "2:08",
      "1:02:03",
      "2 d",
    ]);
    expect([spanInWords(72_000), spanInWords(7_200_000)]).toEqual(["1 min 12 s", "2 h"]);
    expect([money(0), money(0.0001), money(0.0412), money(5)]).toEqual(["0", "<0.001", "0.041", "5.00"]);
    expect([either(["Ada"]), either(["Ada", "Grace", "Lin"])]).toEqual(["Ada", "Ada, Grace or Lin"]);
    const noon = new Date(2026, 10, 22, 12, 0).getTime();
    expect(instant(noon + 86_400_000, noon, "en")).toBe("tomorrow 12:00");
  });
});
