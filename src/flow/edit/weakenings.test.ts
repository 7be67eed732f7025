import { describe, expect, it } from "vitest";
import { parseFlow } from "../language/parse.ts";
import { weakenings } from "./weakenings.ts";

const base = `id: desk
agents:
  clerk:
    instructions: Help.
    tools: [crm.read, { pay.refund: args.amount < 50 }]
    limits: { steps: 5, time: 5m }
tools:
  pay.refund: { http: POST https://example.com/refund, description: Refunds., risk: high, approval: { by: { roles: [approver], quorum: 2 } } }
limits: { cost: 1 }
tasks:
  - { id: help, agent: clerk, prompt: Help }
  - { id: gate, approval: Pay?, by: { roles: [admin], excludeStarter: true }, timeout: 1d }
`;

const flow = (text: string) => {
  const parsed = parseFlow(text);
  expect(parsed.problems).toEqual([]);
  if (parsed.flow === null) throw new Error("no flow");
  return parsed.flow;
};

describe("what a new text guards less", () => {
  it("is nothing when nothing changes, or when it guards more", () => {
    expect(weakenings(flow(base), flow(base))).toEqual([]);
    const stricter = base
      .replace("cost: 1", "cost: 0.5")
      .replace("quorum: 2", "quorum: 3")
      .replace("[crm.read, ", "[");
    expect(weakenings(flow(base), flow(stricter))).toEqual([]);
  });

  it.each([
    ["an approval that is dropped", /  - \{ id: gate.*\n/, "", "Nobody is asked at gate any more."],
    ["a smaller quorum", "quorum: 2", "quorum: 1", "pay.refund takes 1 to decide; it was 2."],
    ["more deciders", "[admin]", "[admin, builder]", "builder may decide gate as well."],
    ["the starter may decide", ", excludeStarter: true", "", "Whoever started the run may decide gate."],
    [
      "a timeout that approves",
      "timeout: 1d",
      "timeout: 1d, onTimeout: approve",
      'gate goes on when nobody decides in time; it was "fail".',
    ],
    [
      "a tool without approval",
      "approval: { by: { roles: [approver], quorum: 2 } }",
      "approval: never",
      "pay.refund no longer waits for a person.",
    ],
    [
      "a lower risk",
      "risk: high",
      "risk: medium",
      "The risk of pay.refund is said to be medium; it was high.",
    ],
    ["a new grant", "crm.read,", "crm.read, mail.send,", "The agent clerk may call mail.send."],
    [
      "a grant without its condition",
      "{ pay.refund: args.amount < 50 }",
      "pay.refund",
      "The agent clerk may call pay.refund always; it was when args.amount < 50.",
    ],
    ["a wider pattern", "crm.read,", "crm.*,", "The agent clerk may call crm.*."],
    ["a higher limit", "steps: 5", "steps: 9", "The limit of steps of the agent clerk is 9; it was 5."],
    ["a limit that is gone", "limits: { cost: 1 }\n", "", "The limit of cost of the flow is gone; it was 1."],
  ])("names %s", (_, from, to, message) => {
    const found = weakenings(flow(base), flow(base.replace(from, to)));
    expect(found.map((one) => one.message)).toContain(message);
  });
});
