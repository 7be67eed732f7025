import type { ScheduleTrigger } from "../../../language/triggers/definition.ts";
import { everFires, readSchedule, shortestGap, type Schedule } from "../../../schedule/schedule.ts";
import { printDuration } from "../../../values/duration.ts";
import { problemAt, type Rule } from "../../rule.ts";
import type { Survey } from "../../survey.ts";

type Placed = { readonly trigger: ScheduleTrigger; readonly path: readonly (string | number)[] };

function schedulesOf({ flow, parsed }: Survey): Placed[] {
  return flow.triggers.flatMap((trigger) =>
    trigger.kind === "schedule" ? [{ trigger, path: parsed.triggerPaths.get(trigger) ?? [] }] : [],
  );
}

function readable(survey: Survey): (Placed & { readonly schedule: Schedule })[] {
  return schedulesOf(survey).flatMap((placed) => {
    const read = readSchedule(placed.trigger.cron, placed.trigger.timezone);
    return "schedule" in read ? [{ ...placed, schedule: read.schedule }] : [];
  });
}

/** [V60] A schedule that is no cron text, or a time zone that there is none of. */
export const schedules: Rule = {
  number: "V60",
  check: (survey) =>
    schedulesOf(survey).flatMap(({ trigger, path }) => {
      const read = readSchedule(trigger.cron, trigger.timezone);
      if ("schedule" in read) return [];
      const key = read.problem.part === "cron" ? "schedule" : "timezone";
      return [problemAt(survey, "V60", read.problem.message, [...path, key])];
    }),
};

/** [V61] A schedule that never fires. */
export const neverFires: Rule = {
  number: "V61",
  check: (survey) =>
    readable(survey).flatMap(({ trigger, path, schedule }) => {
      if (everFires(schedule)) return [];
      const message = `"${trigger.cron}" never comes: there is no such day.`;
      return [problemAt(survey, "V61", message, [...path, "schedule"])];
    }),
};

/** [V62] A jitter as long as the time between two firings: they would change places. */
export const jitter: Rule = {
  number: "V62",
  check: (survey) =>
    readable(survey).flatMap(({ trigger, path, schedule }) => {
      if (trigger.jitter === 0) return [];
      const gap = shortestGap(schedule);
      if (gap === null || trigger.jitter < gap) return [];
      const message = `The jitter must be shorter than the time between two firings, ${printDuration(gap)}.`;
      return [problemAt(survey, "V62", message, [...path, "jitter"])];
    }),
};
