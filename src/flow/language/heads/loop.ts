import { z } from "zod";
import { readDuration } from "../../values/duration.ts";
import { condition, count, readCondition, unknownAware } from "../parts.ts";
import { defineHead } from "./head.ts";

/** Most rounds of one loop. */
export const mostRounds = 10_000;

const max = count.max(mostRounds, { error: `must be at most ${mostRounds}` });
const everyHint = "must be a duration such as 30s, or {{ }} that yields one";

export const loop = defineHead({
  key: "loop",
  summary: "Tasks again and again, until a condition holds or so many times; index and round are in scope.",
  shape: (tasks) => ({
    loop: z
      .union(
        [
          z.strictObject({
            until: condition
              .optional()
              .meta({ description: "CEL, looked at after each round: true ends the loop." }),
            every: z
              .string({ error: everyHint })
              .refine((text) => text.includes("{{") || readDuration(text) !== undefined, { error: everyHint })
              .optional()
              .meta({ description: "From the start of a round to that of the next." }),
            max: max.optional().meta({
              description: "Most rounds. With until 100 when left out, or 10000 where there is a timeout.",
            }),
          }),
          condition,
          max,
        ],
        {
          error: unknownAware(
            'must be a map such as { until: "tasks.check.output.ready", every: 30s, max: 20 }, a condition, or a number of rounds',
          ),
        },
      )
      .meta({ description: "{ until, every, max }; a condition alone is until, a number alone is max." }),
    tasks,
  }),
  children: ["tasks"],
  normalise: (raw, reader) => {
    const given = raw.loop;
    const {
      until,
      every,
      max: most,
    } = typeof given === "number"
      ? { max: given, until: undefined, every: undefined }
      : typeof given === "object"
        ? given
        : { until: given, every: undefined, max: undefined };
    return {
      kind: "loop",
      until: until === undefined ? undefined : readCondition(until),
      every,
      max: most,
      tasks: reader.tasks(raw.tasks, ["tasks"]),
    };
  },
});
