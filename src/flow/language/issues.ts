import type { z } from "zod";
import { isObject } from "#base/index.ts";
import { laterMessage } from "./later.ts";
import { nearest } from "./names.ts";
import { nestedKeys } from "./parts.ts";
import { triggerNestedKeys } from "./triggers/schema.ts";
import type { DocumentPath } from "./source.ts";

/** One thing wrong with a value, in our words. `part` says whether its key or its value is meant. */
export type Finding = {
  readonly rule: string;
  readonly message: string;
  readonly path: DocumentPath;
  readonly part: "key" | "value";
  /** What to write instead of the marked range. */
  readonly fix?: { readonly title: string; readonly text: string };
};

const allNested: Readonly<Record<string, readonly string[]>> = { ...nestedKeys, ...triggerNestedKeys };

/** What Zod found, as findings; paths are below the value. Unknown keys come last. */
export function readIssues(
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  known: readonly string[],
  later: ReadonlySet<string>,
  name = "The value",
): Finding[] {
  const findings: Finding[] = [];
  const unknown: Finding[] = [];
  for (const issue of issues) {
    const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
    if (issue.code === "unrecognized_keys") {
      const here = path.length > 0 ? (allNested[String(path.at(-1))] ?? []) : known;
      for (const key of issue.keys) unknown.push(unknownKey(key, path, here, later));
      continue;
    }
    const label = [...path].reverse().find((step) => typeof step === "string") ?? name;
    const missing = path.length > 0 && at(value, path) === undefined;
    const message = issue.message.startsWith("must") ? issue.message : "has a value that does not fit";
    const near = missing ? undefined : nearestChoice(issue, at(value, path));
    findings.push({
      rule: issue.message.startsWith("must be a duration") ? "L11" : "L10",
      message: missing
        ? `"${label}" is missing; it ${message}.`.replace(
            "it has a value that does not fit",
            "it must be given",
          )
        : `"${label}" ${message}.${near === undefined ? "" : ` Did you mean "${near}"?`}`,
      path,
      part: "value",
      ...(near === undefined ? {} : { fix: { title: `Change to "${near}"`, text: near } }),
    });
  }
  return [...findings, ...unknown];
}

/** Of a fixed choice, what was probably meant. */
function nearestChoice(issue: z.core.$ZodIssue, given: unknown): string | undefined {
  if (typeof given !== "string") return undefined;
  return nearest(given, choicesOf(issue));
}

function choicesOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === "invalid_value") return issue.values.filter((choice) => typeof choice === "string");
  if (issue.code !== "invalid_union") return [];
  return issue.errors.flat().flatMap((one) => (one.path.length === 0 ? choicesOf(one) : []));
}

export function unknownKey(
  key: string,
  path: DocumentPath,
  known: readonly string[],
  later: ReadonlySet<string>,
): Finding {
  const at = [...path, key];
  if (later.has(key)) return { rule: "L13", message: laterMessage(key), path: at, part: "key" };
  const near = nearest(key, known);
  return {
    rule: "L7",
    message: `There is no key "${key}" here.${near === undefined ? "" : ` Did you mean "${near}"?`}`,
    path: at,
    part: "key",
    ...(near === undefined ? {} : { fix: { title: `Change to "${near}"`, text: near } }),
  };
}

/** What stands at a path; undefined when nothing does. */
export function at(value: unknown, path: DocumentPath): unknown {
  let found = value;
  for (const step of path) {
    if (Array.isArray(found)) found = found[Number(step)] as unknown;
    else if (isObject(found) && Object.hasOwn(found, String(step))) found = found[String(step)];
    else return undefined;
  }
  return found;
}

/** A copy without what stands at a path. */
export function without(value: unknown, path: DocumentPath): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => (index === Number(step) ? without(item, rest) : item));
  }
  if (!isObject(value)) return value;
  const copy = { ...value };
  if (rest.length === 0) delete copy[String(step)];
  else copy[String(step)] = without(copy[String(step)], rest);
  return copy;
}
