import { z } from "zod";
import { readDuration } from "../../values/duration.ts";
import { dottedPattern } from "../names.ts";
import { textTemplate } from "../parts.ts";
import type { WaitTask } from "../definition.ts";
import { defineHead, type HeadReader } from "./head.ts";

const message = "must be a duration such as 5m, { until: instant } or { event: name, key: … }";

export const wait = defineHead({
  key: "wait",
  summary: "Waits for a duration, until an instant, or for an event.",
  shape: () => ({
    wait: z.union([z.string(), z.record(z.string(), textTemplate)], { error: message }),
    onTimeout: z
      .enum(["fail", "continue"], { error: "must be fail or continue" })
      .optional()
      .meta({ description: "What happens when no event came within timeout; fail when left out." }),
  }),
  normalise: (raw, reader) => {
    const what = typeof raw.wait === "string" ? duration(raw.wait, reader) : moment(raw.wait, reader);
    if (raw.onTimeout !== undefined && !("event" in what)) {
      reader.refuse("L42", '"onTimeout" belongs to a wait for an event.', ["onTimeout"]);
    }
    return { kind: "wait", for: what, onTimeout: raw.onTimeout ?? "fail" };
  },
});

function duration(given: string, reader: HeadReader): WaitTask["for"] {
  if (!given.includes("{{") && readDuration(given) === undefined) {
    reader.refuse("L11", `"wait" ${message}.`, ["wait"]);
  }
  return { duration: given };
}

function moment(given: Record<string, string | number | boolean>, reader: HeadReader): WaitTask["for"] {
  const { until, event, key, ...rest } = given;
  const [odd] = Object.keys(rest);
  if (odd !== undefined || (until === undefined) === (event === undefined)) {
    reader.refuse("L10", `"wait" ${message}.`, odd === undefined ? ["wait"] : ["wait", odd]);
  }
  if (event !== undefined) {
    const name = String(event);
    if (!dottedPattern.test(name)) {
      reader.refuse("L42", `"${name}" is not the name of an event, such as order.paid.`, ["wait", "event"]);
    }
    return { event: name, key: key === undefined ? undefined : String(key) };
  }
  if (key !== undefined) reader.refuse("L42", '"key" belongs to a wait for an event.', ["wait", "key"]);
  const instant = String(until);
  if (!instant.includes("{{") && Number.isNaN(Date.parse(instant))) {
    reader.refuse("L10", '"until" must be an instant such as 2030-01-31T08:00:00Z, or {{ }}.', [
      "wait",
      "until",
    ]);
  }
  return { until: instant };
}
