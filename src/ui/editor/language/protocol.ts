import type { Json } from "#base/index.ts";
import type { KnowledgeView } from "#api/index.ts";
import type { FlowGraph, Gesture, Problem, TaskChanges, TextChange, Weakening } from "#flow/index.ts";
import type { Preview, RunEvent } from "#flow/machine/index.ts";
import type { Completions, Help } from "./complete.ts";
import type { Trial } from "./trial.ts";

/** A task's place in the text that was looked at. */
export type Place = {
  /** Id of its node in the graph. */
  readonly id: string;
  readonly path: readonly (string | number)[];
  readonly from: number;
  readonly to: number;
  /** Tasks in the list that it stands in. */
  readonly siblings: number;
};

/** A single value of the text. */
export type ValuePlace = {
  /** The innermost task that it belongs to; null for what belongs to the flow. */
  readonly node: string | null;
  /** Its keys below that, joined by dots. */
  readonly label: string;
  readonly from: number;
  readonly to: number;
  /** As it is written. */
  readonly source: string;
};

/** What a text is, as far as it could be read. */
export type Analysis = {
  readonly text: string;
  readonly problems: readonly Problem[];
  /** Null while the text as a whole can't be read. */
  readonly graph: FlowGraph | null;
  /** The same number means the same graph. */
  readonly graphVersion: number;
  readonly id: string | null;
  readonly title: string | null;
  readonly places: readonly Place[];
  readonly agents: readonly string[];
  readonly tools: readonly string[];
};

/** A control of the inspector: one value of a task. */
export type FormField = {
  /** Below the task. */
  readonly path: readonly string[];
  readonly label: string;
  readonly description: string;
  readonly control: "text" | "lines" | "number" | "flag" | "choice" | "yaml" | "expression" | "duration";
  readonly choices: readonly string[];
  readonly isHead: boolean;
  /** As it is written; undefined where it is left out. */
  readonly value: Json | undefined;
  /** Its YAML, for values that are maps or lists. */
  readonly source: string;
};

export type TaskForm = {
  readonly id: string;
  readonly kind: string;
  readonly summary: string;
  readonly fields: readonly FormField[];
};

/** A run whose events are known. */
export type SeenRun = { readonly id: string; readonly events: readonly RunEvent[] };

/** A value of a task that holds expressions. */
export type PreviewField = {
  readonly label: string;
  readonly value: Json;
  /** Whether it is an expression without braces. */
  readonly isCondition: boolean;
};

export type TaskPreview = {
  /** Whether the task began in that run. */
  readonly begun: boolean;
  readonly values: Readonly<Record<string, Preview>>;
};

export type ComparedGraphs = {
  readonly before: FlowGraph | null;
  readonly after: FlowGraph | null;
  readonly changes: TaskChanges;
};

/** Puts the layout of the whole text in order. */
export type Format = { readonly kind: "format" };

/** What the worker is asked; each answers one thing. */
export type Requests = {
  know: { ask: { knowledge: KnowledgeView }; answer: null };
  analyse: { ask: { text: string }; answer: Analysis };
  complete: { ask: { text: string; offset: number }; answer: Completions };
  help: { ask: { text: string; offset: number }; answer: Help | null };
  edit: { ask: { text: string; gesture: Gesture | Format }; answer: readonly TextChange[] };
  form: { ask: { text: string; path: readonly (string | number)[] }; answer: TaskForm | null };
  value: { ask: { text: string; offset: number }; answer: ValuePlace | null };
  readYaml: { ask: { text: string }; answer: { value: Json } | { problem: string } };
  /** The run that expressions are previewed against; null: none. */
  follow: { ask: { run: SeenRun | null }; answer: null };
  /** What fields of a task yield in that run. Null where there is no run, or the text can't be read. */
  preview: {
    ask: { text: string; task: string; fields: readonly PreviewField[] };
    answer: TaskPreview | null;
  };
  /** Null where the text can't be read. */
  trial: { ask: { text: string }; answer: Trial | null };
  /** Both graphs, as far as they can be drawn, and what became of the tasks between the two. */
  graphs: { ask: { before: string; after: string }; answer: ComparedGraphs };
  compare: { ask: { before: string; after: string }; answer: readonly Weakening[] };
};
export type RequestKind = keyof Requests;

export type Question = { [K in RequestKind]: { id: number; kind: K } & Requests[K]["ask"] }[RequestKind];
export type Reply =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly refused: { readonly message: string; readonly hint: string | null } };
