import type { z } from "zod";
import { isObject } from "#base/index.ts";
import type { Problem } from "../problem.ts";
import type { Shape, Task } from "./definition.ts";
import { heads, type HeadDefinition, type HeadReader } from "./heads/index.ts";
import { readIssues, unknownKey, without, type Finding } from "./issues.ts";
import { laterKeys, laterMessage } from "./later.ts";
import { didYouMean, nearest } from "./names.ts";
import { milliseconds, readCondition, readLabels, readOnError, readRetry } from "./parts.ts";
import { commonKeys, commonTask, taskKeys, taskSchema } from "./schema.ts";
import { shapeOf, ShapeError } from "./shape.ts";
import type { DocumentPath, FlowSource } from "./source.ts";

/** Most problems that are told of one text. */
export const mostProblems = 200;

/** A task whose text can't be used as it is. `list` is the path of the list that holds it. */
export type BrokenTask = {
  readonly path: DocumentPath;
  readonly id: string | undefined;
  readonly kind: string | undefined;
  /** Ids of it and of all tasks below it. */
  readonly ids: readonly string[];
};

class Refusal extends Error {
  readonly finding: Finding;
  constructor(finding: Finding) {
    super(finding.message);
    this.finding = finding;
  }
}

/** Turns plain values into the flow's parts and collects what is wrong with them. */
export class FlowReader {
  readonly problems: Problem[];
  readonly broken: BrokenTask[] = [];
  /** Paths of all tasks read, by the task itself: where validation looks for positions. */
  readonly paths = new Map<Task, DocumentPath>();
  readonly #source: FlowSource;

  constructor(source: FlowSource, problems: Problem[]) {
    this.#source = source;
    this.problems = problems;
  }

  note(base: DocumentPath, finding: Finding): void {
    if (this.problems.length >= mostProblems) return;
    const path = [...base, ...finding.path];
    const { line, column, endLine, endColumn } = this.#source.rangeOf(path, finding.part);
    const { rule, message, fix } = finding;
    this.problems.push({
      rule,
      severity: "error",
      message,
      path,
      line,
      column,
      endLine,
      endColumn,
      ...(fix ? { fix } : {}),
    });
  }

  /**
   * Checks a value and answers what it is; undefined when it can't be used. Unknown keys are told and then
   * overlooked. One problem at most is told.
   */
  check<T>(
    schema: z.ZodType<T>,
    value: unknown,
    path: DocumentPath,
    known: readonly string[],
    later: ReadonlySet<string> = laterKeys.nested,
  ): T | undefined {
    const first = schema.safeParse(value);
    if (first.success) return first.data;
    const name = [...path].reverse().find((step) => typeof step === "string");
    const findings = readIssues(
      first.error.issues,
      value,
      known,
      later,
      name === undefined ? undefined : String(name),
    );
    const [finding] = findings;
    if (finding) this.note(path, finding);
    if (!findings.every((one) => one.rule === "L7" || one.rule === "L13")) return undefined;
    let rest = value;
    for (const one of findings) rest = without(rest, one.path);
    const second = schema.safeParse(rest);
    return second.success ? second.data : undefined;
  }

  shape(fields: unknown, path: DocumentPath): Shape | undefined {
    try {
      return shapeOf(fields);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      this.note(path, shapeFinding(error, error.path));
      return undefined;
    }
  }

  tasks(list: unknown, path: DocumentPath): readonly Task[] {
    if (list === undefined || list === null) return [];
    if (!Array.isArray(list)) {
      this.note(path, { rule: "L10", message: "Tasks are written as a list.", path: [], part: "value" });
      return [];
    }
    const tasks: Task[] = [];
    list.forEach((raw: unknown, index) => {
      const at = [...path, index];
      const task = this.#task(raw, at);
      if (task) {
        tasks.push(task);
        this.paths.set(task, at);
      } else {
        this.broken.push({
          path: at,
          id: idOf(raw),
          kind: isObject(raw) ? Object.keys(raw).find((key) => heads.has(key)) : undefined,
          ids: idsIn(raw),
        });
      }
    });
    return tasks;
  }

  #task(raw: unknown, path: DocumentPath): Task | undefined {
    if (!isObject(raw)) {
      this.note(path, {
        rule: "L10",
        message: "A task is a map with an id and a head key, such as { id: greet, agent: greeter }.",
        path: [],
        part: "value",
      });
      return undefined;
    }
    const head = this.#head(raw, path);
    if (!head) return undefined;
    const checked = this.check(taskSchema(head), raw, path, taskKeys(head), laterKeys.task);
    if (checked === undefined) return undefined;
    const common = commonTask.parse(checked);
    // What stands below is read even when this task is refused, but then its problems are not told.
    const before = this.problems.length;
    const reader: HeadReader = {
      tasks: (list, below) => this.tasks(list, [...path, ...below]),
      shape: (fields, below) => {
        try {
          return shapeOf(fields);
        } catch (error) {
          if (!(error instanceof ShapeError)) throw error;
          throw new Refusal(shapeFinding(error, [...below, ...error.path]));
        }
      },
      refuse: (rule, message, below) => {
        throw new Refusal({ rule, message, path: below, part: "value" });
      },
    };
    try {
      const own = head.normalise(checked as never, reader);
      return {
        ...own,
        id: common.id,
        title: common.title === undefined ? undefined : String(common.title),
        description: common.description,
        when: common.when === undefined ? undefined : readCondition(common.when),
        disabled: common.disabled ?? false,
        retry: readRetry(common.retry),
        timeout: milliseconds(common.timeout),
        onError: readOnError(common.onError),
        errors: this.tasks(common.errors, [...path, "errors"]),
        finally: this.tasks(common.finally, [...path, "finally"]),
        labels: readLabels(common.labels),
        needs: [common.needs ?? []].flat(),
        lock: common.lock === undefined ? undefined : String(common.lock),
      } as unknown as Task;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.problems.length = before;
      this.note(path, error.finding);
      return undefined;
    }
  }

  #head(raw: Record<string, unknown>, path: DocumentPath): HeadDefinition | undefined {
    const keys = Object.keys(raw);
    const found = keys.filter((key) => heads.has(key));
    if (found.length > 1) {
      const [first, second] = found;
      const message = `A task has one head key; this one has "${first}" and "${second}". Split it into two tasks.`;
      this.note(path, { rule: "L9", message, path: [second ?? ""], part: "key" });
      return undefined;
    }
    const [only] = found;
    if (only !== undefined) return heads.get(only);
    const later = keys.find((key) => laterKeys.head.has(key));
    if (later !== undefined) {
      this.note(path, { rule: "L13", message: laterMessage(later), path: [later], part: "key" });
      return undefined;
    }
    const strange = keys.filter((key) => !commonKeys.includes(key));
    for (const key of strange) {
      const near = nearest(key, heads.keys());
      if (near !== undefined && near.length > 1) {
        this.note(path, unknownKey(key, [], [near], laterKeys.nested));
        return undefined;
      }
    }
    const hint = strange[0] === undefined ? "" : didYouMean(strange[0], heads.keys());
    this.note(path, {
      rule: "L8",
      message: `This task has no head key. Give it one of ${[...heads.keys()].join(", ")}.${hint}`,
      path: [],
      part: "value",
    });
    return undefined;
  }
}

function shapeFinding({ message, meant }: ShapeError, path: DocumentPath): Finding {
  const fix = meant === undefined ? {} : { fix: { title: `Change to "${meant}"`, text: meant } };
  return { rule: "L12", message, path, part: "value", ...fix };
}

function idOf(raw: unknown): string | undefined {
  return isObject(raw) && typeof raw["id"] === "string" ? raw["id"] : undefined;
}

function idsIn(raw: unknown, depth = 0): string[] {
  if (depth > 60) return [];
  if (Array.isArray(raw)) return raw.flatMap((item) => idsIn(item, depth + 1));
  if (!isObject(raw)) return [];
  const id = idOf(raw);
  const below = Object.values(raw).flatMap((value) =>
    typeof value === "object" && value !== null ? idsIn(value, depth + 1) : [],
  );
  return id === undefined ? below : [id, ...below];
}
