import { describe, expect, test } from "vitest";
import { checkValue } from "../../values/check.ts";
import { parse as parseYaml } from "yaml";
import { validateFlow } from "../../validate/index.ts";
import type { Knowledge } from "../../validate/knowledge.ts";
import { parseFlow } from "../parse.ts";
import { flowJsonSchema } from "../schema.ts";

const inputs = "inputs: { ticket: string, amount: { type: number, default: 1 } }\n";
const text = (triggers: string, head = `id: demo\n${inputs}`): string =>
  `${head}tasks: [{ id: one, log: x }]\ntriggers:\n${triggers}\n`;
const nightly = '  - { id: nightly, schedule: "0 2 * * *", with: { ticket: sweep } }';

function read(triggers: string) {
  const { flow, problems } = parseFlow(text(triggers));
  return {
    triggers: flow?.triggers ?? [],
    problems: problems.map(({ rule, path }) => [rule, path.join("/")]),
  };
}

/** Problems as `RULE marked-text`. */
function marks(source: string, knowledge: Knowledge = {}): string[] {
  const lines = source.split("\n");
  return validateFlow(parseFlow(source), knowledge).map((one) => {
    const marked = (lines[one.line - 1] ?? "").slice(one.column - 1, one.endColumn - 1);
    return `${one.rule}${one.severity === "warning" ? "w" : ""} ${marked}`;
  });
}

describe("the text of triggers", () => {
  test("[L70] a trigger has one head key", () => {
    expect(
      read("  - { id: a, cron: x }\n  - { id: b, schedule: x, flow: y }\n  - { id: c, mcp: x }\n  - 3")
        .problems,
    ).toEqual([
      ["L70", "triggers/0"],
      ["L70", "triggers/1/flow"],
      ["L13", "triggers/2/mcp"],
      ["L10", "triggers/3"],
    ]);
    expect(read(`${nightly}\n  - { schedule: "* * * * *" }`).problems).toEqual([["L10", "triggers/1/id"]]);
  });

  test("[L71] schedules are written out with their defaults", () => {
    expect(read(nightly).triggers).toEqual([
      {
        kind: "schedule",
        id: "nightly",
        title: undefined,
        description: undefined,
        disabled: false,
        with: { ticket: "sweep" },
        cron: "0 2 * * *",
        timezone: "UTC",
        catchUp: "none",
        jitter: 0,
      },
    ]);
    const all = '  - { id: a, schedule: " 0  2 * * *", timezone: Europe/Paris, catchUp: last, jitter: 5m }';
    expect(read(all).triggers).toMatchObject([
      { cron: "0 2 * * *", timezone: "Europe/Paris", catchUp: "last", jitter: 300_000 },
    ]);
    expect(read('  - { id: a, schedule: "* * * * *", catchUp: some }').problems).toEqual([
      ["L10", "triggers/0/catchUp"],
    ]);
  });

  test("[L72] webhooks are signed unless they say otherwise", () => {
    expect(read('  - { id: hook, webhook: {}, with: { ticket: "{{ body.text }}" } }').triggers).toMatchObject(
      [
        {
          kind: "webhook",
          signature: "hmac",
          secret: undefined,
          replayWindow: 300_000,
          rateLimit: { limit: 120, per: 60_000 },
        },
      ],
    );
    const full =
      "  - { id: hook, webhook: { secret: KEY, replayWindow: 1m, idempotencyKey: \"{{ headers['x-id'] }}\", rateLimit: { limit: 2, per: 1h } }, when: body.ok }";
    expect(read(full).triggers).toMatchObject([
      {
        secret: "KEY",
        idempotencyKey: "headers['x-id']",
        rateLimit: { limit: 2, per: 3_600_000 },
        when: "body.ok",
      },
    ]);
    expect(read("  - { id: hook, webhook: }").triggers).toHaveLength(1);
    expect(read("  - { id: a, webhook: { signature: none, secret: KEY } }").problems[0]?.[0]).toBe("L72");
    expect(read("  - { id: a, webhook: { replayWindow: 3d } }").problems[0]?.[0]).toBe("L72");
    expect(read("  - { id: a, webhook: { rateLimmit: { limit: 2 } } }").problems).toEqual([
      ["L7", "triggers/0/webhook/rateLimmit"],
    ]);
  });

  test("[L73] flow triggers follow runs that succeeded unless they name other states", () => {
    expect(read("  - { id: a, flow: intake }").triggers).toMatchObject([
      { kind: "flow", flow: "intake", states: ["succeeded"], when: undefined },
    ]);
    expect(
      read("  - { id: a, flow: intake, states: [failed, failed], when: run.cost > 1 }").triggers,
    ).toMatchObject([{ states: ["failed"], when: "run.cost > 1" }]);
    expect(read("  - { id: a, flow: in take }").problems[0]?.[0]).toBe("L73");
    expect(read("  - { id: a, flow: intake, states: [over] }").problems[0]?.[0]).toBe("L10");
  });

  test("[L74] what is broken is one problem, and the others are read", () => {
    const { triggers, problems } = read(`  - { id: 3, schedule: 5, jitter: x }\n${nightly}`);
    expect(triggers.map(({ id }) => id)).toEqual(["nightly"]);
    expect(problems).toHaveLength(1);
  });

  test("the JSON Schema takes what the reader takes", () => {
    const good = text(
      `${nightly}\n  - { id: hook, webhook: { signature: hmac } }\n  - { id: a, flow: b, states: [failed] }`,
    );
    expect(checkValue(flowJsonSchema(), parseYaml(good)).ok).toBe(true);
    expect(checkValue(flowJsonSchema(), parseYaml(text("  - { id: a, catchUp: all }"))).ok).toBe(false);
  });
});

describe("validation of triggers", () => {
  const schedule = (cron: string, rest = ""): string =>
    text(`  - { id: a, schedule: "${cron}", with: { ticket: x }${rest} }`);

  test("[V60] cron and zones that there are none of", () => {
    expect(marks(schedule("61 * * * *"))).toEqual(['V60 "61 * * * *"']);
    expect(marks(schedule("* * *"))).toEqual(['V60 "* * *"']);
    expect(marks(schedule("* * * * * * 2030"))).toEqual(['V60 "* * * * * * 2030"']);
    expect(marks(schedule("* * * * *", ", timezone: Europe/Pariss"))).toEqual(["V60 Europe/Pariss"]);
    expect(marks(schedule("* * * * *", ', timezone: "+02:00"'))).toEqual(['V60 "+02:00"']);
    expect(marks(schedule("0 2 * * MON-FRI", ", timezone: Europe/Paris"))).toEqual([]);
  });

  test("[V61] schedules that never fire", () => {
    expect(marks(schedule("0 0 30 2 *"))).toEqual(['V61 "0 0 30 2 *"']);
    expect(marks(schedule("0 0 31 4,6,9,11 *"))).toEqual(['V61 "0 0 31 4,6,9,11 *"']);
    expect(marks(schedule("0 0 29 2 *"))).toEqual([]);
  });

  test("[V62] a jitter as long as the time between two firings", () => {
    expect(marks(schedule("*/5 * * * *", ", jitter: 5m"))).toEqual(["V62 5m"]);
    expect(marks(schedule("*/5 * * * *", ", jitter: 4m"))).toEqual([]);
  });

  test("[V63] two triggers with one id", () => {
    expect(marks(text(`${nightly}\n${nightly}`))).toEqual(["V63 nightly"]);
  });

  test("[V64] inputs that the flow doesn't have, that don't fit, that are missing", () => {
    expect(marks(text('  - { id: a, schedule: "0 2 * * *", with: { tiket: x, amount: many } }'))).toEqual([
      "V64 a",
      "V64 tiket",
      "V64 many",
    ]);
    expect(
      marks(text('  - { id: a, webhook: {}, with: { ticket: "{{ body.t }}", amount: "{{ body.n }}" } }')),
    ).toEqual([]);
  });

  test("[V65] a flow that doesn't exist, where the workspace's are known", () => {
    const source = text("  - { id: a, flow: intak, with: { ticket: x } }");
    expect(marks(source)).toEqual([]);
    expect(marks(source, { follows: new Map([["intake", []]]) })).toEqual(["V65 intak"]);
  });

  test("[V66] circles of flows that start each other", () => {
    const follow = (flow: string): string => text(`  - { id: a, flow: ${flow}, with: { ticket: x } }`);
    expect(marks(follow("demo"))).toEqual(["V66w demo"]);
    const follows = new Map([
      ["b", ["c"]],
      ["c", ["demo"]],
      ["d", ["d"]],
    ]);
    expect(marks(follow("b"), { follows })).toEqual(["V66w b"]);
    expect(marks(follow("d"), { follows })).toEqual([]);
  });

  test("[V67] expressions of a trigger know what its kind tells", () => {
    const source = text(
      '  - { id: a, schedule: "0 2 * * *", with: { ticket: "{{ trigger.at }} {{ trigger.on }} {{ body.x }}" } }\n' +
        '  - { id: b, flow: c, when: run.price > 1 && outputs.n > 2 && tasks.x.output, with: { ticket: "{{ run.id }}" } }\n' +
        "  - { id: d, webhook: {}, with: { ticket: \"{{ body.a + headers['x-a'] + query.q }}{{ secret('K') }}\" } }",
    );
    expect(marks(source)).toEqual(["V67 on", "V2 body", "V67 price", "V2 tasks", "V4 x", "V12 secret('K')"]);
  });
});
