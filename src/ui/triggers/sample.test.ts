import { expect, test } from "vitest";
import { parseFlow } from "#flow/index.ts";
import { sampleBody, sampleHeaders } from "./sample.ts";

test("a sample holds what the expressions read", () => {
  const { flow } = parseFlow(
    `id: a\ntasks: [{ id: b, log: x }]\ntriggers:\n  - id: hook\n    webhook: { idempotencyKey: "headers['x-id']" }\n    when: body.order.paid\n    with: { ticket: "{{ body.text }} {{ body.order.id }} {{ headers[\\"x-other\\"] }}" }\n`,
  );
  const [trigger] = flow?.triggers ?? [];
  if (trigger === undefined) throw new Error("no trigger was read");
  expect(JSON.parse(sampleBody(trigger))).toEqual({
    text: "a text",
    order: { id: "a id", paid: "a paid" },
  });
  expect(sampleHeaders(trigger).split("; ").toSorted()).toEqual(["x-id: sample-1", "x-other: sample-1"]);
});
