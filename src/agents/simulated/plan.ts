import type { Json } from "#base/index.ts";
import type { Knowledge } from "./facts.ts";
import { describe, fill, fillObject, summarise } from "./fill.ts";
import { clip, sentences, shared, stems } from "./words.ts";

export type OfferedTool = {
  readonly name: string;
  readonly description: string;
  readonly schema: { readonly [key: string]: unknown };
};

/** What the simulated model does next, and the thought that it says before. */
export type Plan =
  | { readonly kind: "call"; readonly thought: string; readonly tool: string; readonly args: Json }
  | { readonly kind: "answer"; readonly thought: string; readonly text: string };

type Candidate = {
  readonly tool: OfferedTool;
  readonly score: number;
  readonly mentioned: number;
  readonly because: readonly string[];
  readonly args: Json;
  readonly lacking: boolean;
};

/** Position of the tool's very name in the text, or infinity. */
function mention(tool: string, text: string): number {
  const at = text.toLowerCase().indexOf(tool.toLowerCase());
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}

function familyOf(tool: string): string {
  const dot = tool.lastIndexOf(".");
  return dot < 0 ? tool : tool.slice(0, dot);
}

/** Of so many tools with one first name, that name alone says too little. */
const largeFamily = 3;

function familiesOf(tools: readonly OfferedTool[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const { name } of tools) counts.set(familyOf(name), (counts.get(familyOf(name)) ?? 0) + 1);
  return new Set([...counts].filter(([, count]) => count >= largeFamily).map(([family]) => family));
}

/** Whether a tool of a large family is spoken of: by its name, or by the verb of its name or of its description. */
function isMeant(tool: OfferedTool, spoken: string, text: ReadonlySet<string>): boolean {
  if (Number.isFinite(mention(tool.name, spoken))) return true;
  const verb = tool.description.split(/\s/, 1)[0] ?? "";
  return shared(stems(`${tool.name.slice(familyOf(tool.name).length)} ${verb}`), text).length > 0;
}

function candidates(knowledge: Knowledge, tools: readonly OfferedTool[]): Candidate[] {
  const spoken = `${knowledge.instructions}\n${knowledge.prompt}`;
  const text = new Set(stems(spoken));
  const called = new Set(knowledge.called.map((call) => call.tool));
  const families = familiesOf(tools);
  return tools
    .filter((tool) => !called.has(tool.name))
    .filter((tool) => !families.has(familyOf(tool.name)) || isMeant(tool, spoken, text))
    .map((tool) => {
      const inName = shared(stems(tool.name), text);
      const inDescription = shared(stems(tool.description), text);
      const mentioned = mention(tool.name, spoken);
      const args = fillObject(tool.schema, knowledge);
      const score = inName.length * 2 + inDescription.length + (Number.isFinite(mentioned) ? 10 : 0);
      return {
        tool,
        score,
        mentioned,
        because: [...new Set([...inName, ...inDescription])].slice(0, 3),
        args: args.value,
        lacking: args.source === "none",
      };
    })
    .filter((candidate) => candidate.score >= 2)
    .sort(
      (left, right) =>
        Number(left.lacking) - Number(right.lacking) ||
        (left.mentioned === right.mentioned ? right.score - left.score : left.mentioned - right.mentioned) ||
        left.tool.name.localeCompare(right.tool.name),
    );
}

/** The stem's word as it was written, for a thought that reads well. */
function asWritten(stem: string, text: string): string {
  return (
    (text.match(/[\p{L}\p{N}]+/gu) ?? []).find((word) => stems(word).includes(stem))?.toLowerCase() ?? stem
  );
}

function opening(knowledge: Knowledge): string {
  const task = sentences(knowledge.prompt)[0] ?? knowledge.prompt;
  return task === ""
    ? "I look at the task."
    : `The task: ${clip(task, 140)}${/[.!?…]$/.test(clip(task, 140)) ? "" : "."}`;
}

/**
 * Decides by matching words alone, so that any flow and any tool gets a sensible walk: the granted tools that the
 * prompt and the instructions speak of, each once, those with all arguments known first; then the answer.
 */
export function plan(
  knowledge: Knowledge,
  tools: readonly OfferedTool[],
  returns: { readonly [key: string]: unknown } | null,
): Plan {
  const last = knowledge.called.at(-1);
  const next = candidates(knowledge, tools)[0];
  const after =
    last === undefined
      ? opening(knowledge)
      : last.failed
        ? `${last.tool} did not work: ${clip(describe(last.result ?? null), 120)}.`
        : `${last.tool} answered: ${clip(describe(last.result ?? null), 160)}.`;
  if (next !== undefined && knowledge.called.length < 12) {
    const written = next.because.map(
      (stem) => `"${asWritten(stem, `${knowledge.prompt}\n${knowledge.instructions}`)}"`,
    );
    const why = Number.isFinite(next.mentioned)
      ? "my instructions name it"
      : `it fits ${written.join(" and ")}`;
    const missing = next.lacking
      ? " I do not find every argument in the context and fill in what is closest."
      : "";
    return {
      kind: "call",
      tool: next.tool.name,
      args: next.args,
      thought: `${after} I call ${next.tool.name}, because ${why}.${missing}`,
    };
  }
  if (returns !== null) {
    const wrapped =
      returns["type"] === "object" || "properties" in returns
        ? fillObject(returns, knowledge)
        : fill("answer", returns, knowledge);
    return {
      kind: "answer",
      text: JSON.stringify(wrapped.value, null, 2),
      thought: `${after} That is enough to answer in the form that was asked for.`,
    };
  }
  return {
    kind: "answer",
    text: prose(knowledge),
    thought: `${after} ${last === undefined ? "No tool is needed; I answer." : "I have what I need and answer."}`,
  };
}

/** A plain answer in words: what was found, or for the commonest requests what they ask for. */
export function prose(knowledge: Knowledge): string {
  const failed = knowledge.called.filter((call) => call.failed);
  const found = knowledge.called.filter((call) => !call.failed);
  if (found.length > 0 || failed.length > 0) {
    const lines = found.map((call) => `- **${call.tool}**: ${describe(call.result ?? null)}`);
    const lost = failed.map(
      (call) => `- **${call.tool}** did not go through: ${clip(describe(call.result ?? null), 200)}`,
    );
    const task = sentences(knowledge.prompt)[0] ?? "";
    return [`On "${clip(task, 120)}", this is what I found:`, "", ...lines, ...lost].join("\n");
  }
  const request = knowledge.prompt.trim();
  const greeting = /^(?:please\s+)?(?:greet|welcome|say hello to)\s+(.{1,80}?)[.!]?$/im.exec(request)?.[1];
  if (greeting !== undefined) return `Hello ${greeting.trim()}, it is good to have you here.`;
  const summary = /^(?:please\s+)?(?:summari[sz]e|sum up|condense)\b[^:\n]*:?\s*([\s\S]+)$/i.exec(
    request,
  )?.[1];
  if (summary !== undefined) return sentences(summary).slice(0, 3).join(" ");
  const facts = knowledge.facts.filter((fact) => typeof fact.value !== "object").slice(0, 6);
  if (facts.length > 0) {
    return `${clip(sentences(request)[0] ?? request, 200)}\n\n${facts.map((fact) => `- ${fact.key}: ${describe(fact.value)}`).join("\n")}`;
  }
  return `On "${clip(request, 200)}": a real model would answer here. ${summarise(knowledge, 300)}`.trim();
}
