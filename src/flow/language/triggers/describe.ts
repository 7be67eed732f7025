import { toString as wordsOf } from "cronstrue";
import { printDuration } from "../../values/duration.ts";
import type { Trigger } from "./definition.ts";

/** What a trigger waits for, in a few words. */
export function describeTrigger(trigger: Trigger): string {
  switch (trigger.kind) {
    case "schedule": {
      const jitter = trigger.jitter > 0 ? `, put off by up to ${printDuration(trigger.jitter)}` : "";
      return `${describeCron(trigger.cron)} (${trigger.timezone}${jitter})`;
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

/** A schedule in words: "At 02:00, every day". What has no words is told as it is written. */
export function describeCron(cron: string): string {
  const fields = cron.trim().split(/\s+/);
  try {
    const words = wordsOf(fields.join(" "), { use24HourTimeFormat: true });
    const isDaily = fields.slice(-3).every((field) => field === "*" || field === "?");
    return isDaily && words.startsWith("At ") ? `${words}, every day` : words;
  } catch {
    return cron;
  }
}

/** Who started a run that the trigger started: "Schedule nightly". */
export function triggerName(kind: Trigger["kind"], id: string): string {
  const word = { schedule: "Schedule", webhook: "Webhook", flow: "Flow trigger" }[kind];
  return `${word} ${id}`;
}
