import { z } from "zod";
import { idPattern, longestName } from "../names.ts";
import { condition, count, duration, flag, map, text, unknownAware } from "../parts.ts";
import { completionStates } from "./definition.ts";

/** The keys that every trigger may have. */
export const common = {
  id: z
    .string({ error: "must be a name such as nightly" })
    .regex(idPattern, { error: 'must start with a letter and hold only letters, digits and "_"' })
    .max(longestName, { error: `must have at most ${longestName} characters` }),
  title: text.optional(),
  description: text.optional(),
  disabled: flag.optional(),
  with: map.optional().meta({ description: "The inputs of the runs that it starts." }),
};

const webhook = z.strictObject(
  {
    signature: z
      .enum(["hmac", "none"], { error: "must be hmac or none" })
      .optional()
      .meta({ description: "hmac unless none: calls carry Baton-Signature or X-Hub-Signature-256." }),
    secret: z
      .string({ error: "must be the name of a secret" })
      .optional()
      .meta({ description: "Name of the secret that signs. Left out: Baton makes a key for the trigger." }),
    replayWindow: duration
      .optional()
      .meta({ description: "How far the time of a signed call may be off; 5m when left out." }),
    idempotencyKey: condition
      .optional()
      .meta({ description: "CEL over body, headers and query; calls with one key start one run." }),
    rateLimit: z
      .strictObject(
        { limit: count, per: duration.optional() },
        { error: unknownAware("must be a map such as { limit: 60, per: 1m }") },
      )
      .optional(),
  },
  { error: unknownAware("must be a map such as { signature: hmac }") },
);

/** Triggers by head key. */
export const triggerSchemas = {
  schedule: z.strictObject({
    ...common,
    schedule: text.meta({
      description: "Cron: minute, hour, day, month, weekday; with six fields, seconds come first.",
      examples: ["0 2 * * *"],
    }),
    timezone: text.optional().meta({ description: "Such as Europe/Paris; UTC when left out." }),
    catchUp: z
      .enum(["none", "last", "all"], { error: "must be none, last or all" })
      .optional()
      .meta({ description: "What was missed while Baton was down: none, the last one, or all." }),
    jitter: duration.optional().meta({ description: "Puts each firing off by up to so long." }),
  }),
  webhook: z.strictObject({ ...common, webhook, when: condition.optional() }),
  flow: z.strictObject({
    ...common,
    flow: text.meta({ description: "The id of the flow whose runs it follows." }),
    states: z
      .array(z.enum(completionStates, { error: `must be of ${completionStates.join(", ")}` }), {
        error: "must be a list such as [succeeded]",
      })
      .min(1, { error: "must name one state at least" })
      .optional(),
    when: condition.optional().meta({ description: "CEL over run and outputs." }),
  }),
};
export type TriggerHead = keyof typeof triggerSchemas;

/** Keys of the maps within a trigger, by the key that holds them. */
export const triggerNestedKeys = {
  webhook: Object.keys(webhook.shape),
  rateLimit: ["limit", "per"],
};
