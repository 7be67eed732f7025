import { isObject, type Json, type JsonObject } from "#base/index.ts";
import { parseFlow } from "#flow/index.ts";
import type { RunEvent } from "#flow/machine/index.ts";
import { redactedMark, redactor, shortestSecret, type Redactor } from "./redactor.ts";

/** Hides what was given in the secret inputs of a run, in whatever is shown of it. */
export type Hidden = {
  inputs(inputs: JsonObject): JsonObject;
  json<T extends Json>(value: T): T;
  event(event: RunEvent): RunEvent;
  redactor: Redactor;
  /** Whether there are values to look for in texts. */
  any: boolean;
};

/** What is to be hidden of a run of this text with these inputs. */
export function hiddenOf(text: string, inputs: Json): Hidden {
  const given = (isObject(inputs) ? inputs : {}) as JsonObject;
  const fields = parseFlow(text).flow?.inputs.fields ?? [];
  const names = fields.filter((field) => field.widget === "secret").map((field) => field.name);
  const values = names.map((name) => given[name]).filter((value) => typeof value === "string");
  const subject = redactor(values);
  const hideInputs = (all: JsonObject): JsonObject =>
    names.length === 0
      ? all
      : Object.fromEntries(
          Object.entries(all).map(([name, value]) => [
            name,
            names.includes(name) && value !== null ? redactedMark : subject.json(value),
          ]),
        );
  return {
    any: values.some((value) => value.length >= shortestSecret),
    redactor: subject,
    inputs: hideInputs,
    json: (value) => subject.json(value),
    event(event) {
      if (names.length === 0) return event;
      const body = subject.json(event.body as unknown as Json) as unknown as RunEvent["body"];
      return {
        ...event,
        body: body.type === "run-started" ? { ...body, inputs: hideInputs(body.inputs) } : body,
      };
    },
  };
}
