import { printDuration } from "../../values/duration.ts";
import type { Trigger } from "./definition.ts";

/** What a trigger waits for, in a few words. */
export function describeTrigger(trigger: Trigger): string {
  switch (trigger.kind) {
    case "schedule": {
      const jitter = trigger.jitter > 0 ? `, put off by up to ${printDuration(trigger.jitter)}` : "";
      return `${trigger.cron} (${trigger.timezone}${jitter})`;
    }
    case "webhook":
      return trigger.signature === "hmac" ? "A signed call from outside" : "A call from outside, unsigned";
    case "flow":
      return `When ${trigger.flow} ${trigger.states.join(" or ")}`.replace(
        "dead-lettered",
        "is dead-lettered",
      );
  }
}

/** Who started a run that the trigger started: "Schedule nightly". */
export function triggerName(kind: Trigger["kind"], id: string): string {
  const word = { schedule: "Schedule", webhook: "Webhook", flow: "Flow trigger" }[kind];
  return `${word} ${id}`;
}
