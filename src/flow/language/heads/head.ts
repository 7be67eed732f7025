import type { z } from "zod";
import type { HeadKey, Shape, Task, TaskBase } from "../definition.ts";
import type { DocumentPath } from "../source.ts";

/** What a head's own keys become, beside the keys that all tasks have. */
type Own<K extends HeadKey> = Omit<Extract<Task, { kind: K }>, keyof TaskBase>;

/** What normalising may ask for: tasks that stand below, and shapes. Problems there are noted by the reader. */
export type HeadReader = {
  /** Tasks of the list at `path` (keys below this task). */
  tasks(list: unknown, path: DocumentPath): readonly Task[];
  shape(fields: unknown, path: DocumentPath): Shape;
  /** Notes a problem of this task; the task is left out of the flow. */
  refuse(rule: string, message: string, path: DocumentPath): never;
};

/**
 * One kind of task. A new head key is one file with one of these, and a line in `index.ts`.
 * `shape` is given the schema of a list of tasks, for the keys that hold tasks.
 */
export type HeadDefinition = {
  readonly key: HeadKey;
  /** What it does, for people and for completion. */
  readonly summary: string;
  readonly shape: (tasks: z.ZodType<unknown[]>) => z.ZodRawShape;
  /** Keys that hold lists of tasks. `cases` holds a map of such lists. */
  readonly children: readonly string[];
  readonly normalise: (raw: never, reader: HeadReader) => object;
};

/** Defines a head with its types held together; the registry forgets them. */
export function defineHead<K extends HeadKey, S extends z.ZodRawShape>(definition: {
  key: K;
  summary: string;
  shape: (tasks: z.ZodType<unknown[]>) => S;
  children?: readonly string[];
  normalise: (raw: z.infer<z.ZodObject<S>>, reader: HeadReader) => Own<K>;
}): HeadDefinition {
  return { children: [], ...definition };
}
