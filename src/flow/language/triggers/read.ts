import { isObject } from "#base/index.ts";
import { laterKeys, laterMessage } from "../later.ts";
import { didYouMean, dottedPattern } from "../names.ts";
import { milliseconds, readCondition, readTemplates } from "../parts.ts";
import type { FlowReader } from "../reader.ts";
import type { Trigger } from "./definition.ts";
import { common, triggerSchemas, type TriggerHead } from "./schema.ts";

/** Longest time in which a call may come again, a day: keys of calls are kept for longer than that. */
const longestWindow = 86_400_000;
/** Calls a minute that a webhook takes unless its `rateLimit` says otherwise. */
const usualRate = { limit: 120, per: 60_000 };

/** Reads a trigger; undefined when its text can't be used (one problem is noted). */
export function readTrigger(reader: FlowReader, raw: unknown, index: number): Trigger | undefined {
  const path = ["triggers", index];
  const refuse = (
    rule: string,
    message: string,
    below: readonly string[],
    part: "key" | "value" = "value",
  ): undefined => {
    reader.note(path, { rule, message, path: below, part });
    return undefined;
  };
  if (!isObject(raw)) {
    const example = '{ id: nightly, schedule: "0 2 * * *" }';
    return refuse("L10", `A trigger is a map with an id and a head key, such as ${example}.`, []);
  }
  const heads = Object.keys(triggerSchemas);
  const [head, second] = Object.keys(raw).filter((key): key is TriggerHead => heads.includes(key));
  if (second !== undefined)
    return refuse(
      "L70",
      `A trigger has one head key; this one has "${head}" and "${second}".`,
      [second],
      "key",
    );
  if (head === undefined) {
    const later = Object.keys(raw).find((key) => laterKeys.trigger.has(key));
    if (later !== undefined) return refuse("L13", laterMessage(later), [later], "key");
    const strange = Object.keys(raw).find((key) => !(key in common));
    const hint = strange === undefined ? "" : didYouMean(strange, heads);
    return refuse("L70", `This trigger has no head key. Give it one of ${heads.join(", ")}.${hint}`, []);
  }
  const known = Object.keys(triggerSchemas[head].shape);
  switch (head) {
    case "schedule": {
      const checked = reader.check(triggerSchemas.schedule, raw, path, known);
      if (!checked) return undefined;
      return {
        kind: "schedule",
        ...commonOf(checked),
        cron: checked.schedule.trim().replaceAll(/\s+/g, " "),
        timezone: checked.timezone ?? "UTC",
        catchUp: checked.catchUp ?? "none",
        jitter: milliseconds(checked.jitter) ?? 0,
      };
    }
    case "webhook": {
      // `webhook:` with nothing behind it is one with nothing but defaults.
      const written = raw["webhook"] === null ? { ...raw, webhook: {} } : raw;
      const checked = reader.check(triggerSchemas.webhook, written, path, known);
      if (!checked) return undefined;
      const own = checked.webhook;
      const replayWindow = milliseconds(own.replayWindow) ?? 300_000;
      if (replayWindow < 1000 || replayWindow > longestWindow) {
        return refuse("L72", '"replayWindow" lies between 1s and 1d.', ["webhook", "replayWindow"]);
      }
      if (own.signature === "none" && own.secret !== undefined) {
        return refuse("L72", "A webhook without a signature needs no secret.", ["webhook", "secret"], "key");
      }
      const rate = own.rateLimit;
      return {
        kind: "webhook",
        ...commonOf(checked),
        signature: own.signature ?? "hmac",
        secret: own.secret,
        replayWindow,
        idempotencyKey: own.idempotencyKey === undefined ? undefined : readCondition(own.idempotencyKey),
        rateLimit: rate ? { limit: rate.limit, per: milliseconds(rate.per) ?? usualRate.per } : usualRate,
        when: checked.when === undefined ? undefined : readCondition(checked.when),
      };
    }
    case "flow": {
      const checked = reader.check(triggerSchemas.flow, raw, path, known);
      if (!checked) return undefined;
      if (!dottedPattern.test(checked.flow)) {
        return refuse("L73", `"${checked.flow}" is not the id of a flow.`, ["flow"]);
      }
      return {
        kind: "flow",
        ...commonOf(checked),
        flow: checked.flow,
        states: [...new Set(checked.states ?? (["succeeded"] as const))],
        when: checked.when === undefined ? undefined : readCondition(checked.when),
      };
    }
  }
}

function commonOf(checked: {
  id: string;
  title?: string | undefined;
  description?: string | undefined;
  disabled?: boolean | undefined;
  with?: Record<string, unknown> | undefined;
}) {
  return {
    id: checked.id,
    title: checked.title,
    description: checked.description,
    disabled: checked.disabled ?? false,
    with: readTemplates(checked.with),
  };
}
