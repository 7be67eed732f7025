import { z } from "zod";
import { isObject } from "#base/index.ts";
import { readDuration } from "../../values/duration.ts";
import { textTemplate } from "../parts.ts";
import { defineHead } from "./head.ts";

const message = "must be a duration such as 5m, or { until: instant }";

export const wait = defineHead({
  key: "wait",
  summary: "Waits for a duration, or until an instant.",
  shape: () => ({
    wait: z.union([z.string(), z.record(z.string(), textTemplate)], { error: message }),
  }),
  normalise: (raw, reader) => {
    const given = raw.wait;
    if (typeof given === "string") {
      if (!given.includes("{{") && readDuration(given) === undefined) {
        reader.refuse("L11", `"wait" ${message}.`, ["wait"]);
      }
      return { kind: "wait", for: { duration: given } };
    }
    if (isObject(given) && "event" in given) {
      reader.refuse("L13", "Waiting for an event is not known to this version.", ["wait", "event"]);
    }
    const [only, ...rest] = Object.keys(given);
    const until = given["until"];
    if (only !== "until" || rest.length > 0 || until === undefined) {
      reader.refuse("L10", `"wait" ${message}.`, ["wait"]);
    }
    const instant = String(until);
    if (!instant.includes("{{") && Number.isNaN(Date.parse(instant))) {
      reader.refuse("L10", '"until" must be an instant such as 2030-01-31T08:00:00Z, or {{ }}.', [
        "wait",
        "until",
      ]);
    }
    return { kind: "wait", for: { until: instant } };
  },
});
