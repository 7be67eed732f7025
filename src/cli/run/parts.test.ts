import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseFlow, type Ask, type Flow } from "#flow/index.ts";
import { decidedBefore, taskOf } from "./decisions.ts";
import { gatherInputs } from "./inputs.ts";
import { readRunOptions } from "./options.ts";
import { takeSlot } from "./slot.ts";
import { outputLines, traceLines } from "./trace.ts";

const folder = mkdtempSync(join(tmpdir(), "baton-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

const options = (...words: string[]) => readRunOptions(["flow.yaml", ...words], { TOKEN: "t" });

describe("options", () => {
  test("read inputs, files, decisions, secrets and the model", () => {
    const read = options(
      "-i",
      "a=1=2",
      "--input-file",
      "log=x.log",
      "--approve",
      "gate=reject",
      "--approve",
      "pay",
      "--secret",
      "TOKEN",
      "--model",
      "openai/some/model",
    );
    expect(Object.fromEntries(read.inputs)).toEqual({ a: "1=2" });
    expect(Object.fromEntries(read.files)).toEqual({ log: "x.log" });
    expect(Object.fromEntries(read.approve)).toEqual({ gate: "reject", pay: "approve" });
    expect(Object.fromEntries(read.secrets)).toEqual({ TOKEN: "t" });
    expect(read.model).toEqual({ provider: "openai", model: "some/model" });
  });

  test("refuse what they don't understand", () => {
    expect(() => options("--input", "a")).toThrow(/NAME=VALUE/);
    expect(() => options("--secret", "OTHER")).toThrow(/OTHER/);
    expect(() => options("--model", "openai")).toThrow(/PROVIDER/);
    expect(() => options("second.yaml")).toThrow(/one flow/);
    expect(() => options("--shout")).toThrow(/--shout/);
  });
});

function flowOf(inputs: string): Flow {
  const { flow } = parseFlow(
    `id: x\ninputs: ${inputs}\nsamples: { one: { n: 7 } }\ntasks: [{ id: a, log: x }]`,
  );
  if (!flow) throw new Error("the flow was not read");
  return flow;
}

describe("inputs", () => {
  test("come from samples, words and files, and are checked before anything is started", () => {
    const file = join(folder, "a.log");
    writeFileSync(file, "line");
    const flow = flowOf(
      "{ n: number, text: string, log: { type: file, accept: [text/plain], maxSize: 1kB } }",
    );
    const given = gatherInputs(flow, options("--sample", "one", "-f", `text=${file}`, "-f", `log=${file}`));
    expect(given.get("n")).toBe(7);
    expect(given.get("text")).toBe("line");
    expect(given.get("log")).toMatchObject({ name: "a.log" });
    expect(() => gatherInputs(flow, options("-i", "n=1"))).toThrow(/"text" is required/);
    expect(() => gatherInputs(flow, options("-i", "m=1"))).toThrow(/Did you mean "n"/);
    expect(() => gatherInputs(flow, options("--sample", "two"))).toThrow(/no sample "two"/);
    expect(() => gatherInputs(flow, options("-f", `log=${join(folder, "none")}`))).toThrow(/can't be read/);
    writeFileSync(file, "x".repeat(2000));
    expect(() => gatherInputs(flow, options("-i", "n=1", "-i", "text=a", "-f", `log=${file}`))).toThrow(
      /too large/,
    );
  });
});

const ask = (kind: Ask["kind"], decisions: readonly string[]): Ask => ({
  kind,
  title: "Go on?",
  by: { roles: [], users: [], quorum: 1, excludeStarter: false },
  details: null,
  decisions: decisions.map((decision) => ({ decision, label: decision, tone: "plain" })),
  fields: null,
  comment: "onReject",
  risk: null,
  call: null,
  canonical: "",
  hash: "",
});
const question = (path: string, asked: Ask) => ({ approvalId: "appr_1", path, ask: asked });

describe("decisions made beforehand", () => {
  test("go by task, by path, or to all", () => {
    const gate = question("each[2]/gate", ask("approval", ["approve", "reject"]));
    expect(taskOf("each[2]/gate")).toBe("gate");
    expect(decidedBefore(gate, options())).toBeNull();
    expect(decidedBefore(gate, options("--approve", "other"))).toBeNull();
    expect(decidedBefore(gate, options("--approve", "gate"))?.decision).toBe("approve");
    expect(decidedBefore(gate, options("--approve", "each[2]/gate=reject", "--comment", "no"))).toEqual({
      decision: "reject",
      comment: "no",
      answer: null,
    });
    expect(decidedBefore(gate, options("--approve", "all"))?.decision).toBe("approve");
    expect(() => decidedBefore(gate, options("--approve", "gate=maybe"))).toThrow(
      /can't be decided as "maybe"/,
    );
  });

  test("forms take answers, and nothing lost is approved in passing", () => {
    const form = question("ask", ask("form", ["submit"]));
    expect(decidedBefore(form, options("--approve", "all"))).toBeNull();
    expect(decidedBefore(form, options("--answer", 'ask={"a":1}'))).toEqual({
      decision: "submit",
      comment: "",
      answer: { a: 1 },
    });
    expect(() => decidedBefore(form, options("--answer", "ask=[1]"))).toThrow(/object/);
    const lost = question("pay", ask("outcome-unknown", ["happened", "again", "fail"]));
    expect(decidedBefore(lost, options("--approve", "all"))).toBeNull();
  });
});

test("labels of a run are given as pairs", () => {
  expect(readRunOptions(["f.yaml", "-l", "team=support", "--label", "tier="], {}).labels).toEqual(
    new Map([
      ["team", "support"],
      ["tier", ""],
    ]),
  );
  expect(() => readRunOptions(["f.yaml", "--label", "team"], {})).toThrow(/--label takes NAME=VALUE/);
});

test("a slot is used by one process alone, and again after it", () => {
  const first = takeSlot(folder);
  expect(first.folder).toBe(join(folder, "cli-1"));
  // A process that was killed leaves its number behind.
  writeFileSync(join(folder, "cli-1", "cli.pid"), "1\n");
  const second = takeSlot(folder);
  expect(second.folder).toBe(join(folder, "cli-2"));
  second.release();
  writeFileSync(join(folder, "cli-1", "cli.pid"), "999999999\n");
  const third = takeSlot(folder);
  expect(third.folder).toBe(join(folder, "cli-1"));
  third.release();
});

test("the trace says what happens, outputs stand in columns", () => {
  const call = {
    type: "tool-call-finished",
    path: "a/b",
    step: 1,
    callId: "c",
    key: "k",
    result: { n: 1 },
  } as const;
  expect(traceLines({ seq: 1, at: 0, body: call }).join("")).toContain('{"n":1}');
  expect(outputLines({ a: "x\ny", long: [1] })).toEqual(["  a     x\n        y", "  long  [1]"]);
});
