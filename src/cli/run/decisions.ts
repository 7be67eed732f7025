import { createInterface } from "node:readline/promises";
import { BatonError, isObject, messageOf, type JsonObject } from "#base/index.ts";
import type { StoredAsk } from "#flow/index.ts";
import type { Decision } from "#people/index.ts";
import type { RunOptions } from "./options.ts";

/** A question of a run, as its event puts it. */
export type Question = { readonly approvalId: string; readonly path: string; readonly ask: StoredAsk };

type Verdict = Pick<Decision, "decision" | "comment" | "answer">;

/** Id of the task that asks. */
export function taskOf(path: string): string {
  return (path.split("/").at(-1) ?? path).replace(/\[\d+\]$/, "");
}

/** What the command line decided beforehand, or null. Throws "bad-input" for a decision that is not asked for. */
export function decidedBefore({ path, ask }: Question, options: RunOptions): Verdict | null {
  const task = taskOf(path);
  if (ask.by.quorum > 1) {
    throw new BatonError(
      "bad-input",
      `"${task}" takes the approval of ${ask.by.quorum} people, and a command line has one.`,
      {
        hint: "Run the flow in the browser, where others can decide as well.",
      },
    );
  }
  const written = options.approve.get(path) ?? options.approve.get(task);
  const answer = readAnswer(task, options.answers.get(path) ?? options.answers.get(task));
  const comment = options.comment === "" ? "Decided on the command line." : options.comment;
  if (written === undefined) {
    const first = ask.decisions[0]?.decision;
    if (ask.kind === "form")
      return answer === null || first === undefined ? null : { decision: first, comment: "", answer };
    const forAll = options.approve.get("all");
    // What may have happened already is not for a flag that was given beforehand.
    if (forAll === undefined || ask.kind === "outcome-unknown" || ask.kind === "escalation") return null;
    return { decision: forAll, comment: commentFor(ask, comment), answer };
  }
  const known = ask.decisions.map((one) => one.decision);
  if (!known.includes(written)) {
    throw new BatonError("bad-input", `"${task}" can't be decided as "${written}".`, {
      hint: `It takes ${known.join(" or ")}.`,
    });
  }
  return { decision: written, comment: commentFor(ask, comment), answer };
}

function commentFor(ask: StoredAsk, comment: string): string {
  return ask.comment === "never" ? "" : comment;
}

function readAnswer(task: string, text: string | undefined): JsonObject | null {
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value as JsonObject;
  } catch (cause) {
    throw new BatonError("bad-input", `--answer ${task} is not JSON: ${messageOf(cause)}`, { cause });
  }
  throw new BatonError("bad-input", `--answer ${task} takes a JSON object with the fields.`);
}

/** Asks at the terminal. Rejects when the signal aborts. */
export async function askAtPrompt({ ask }: Question, signal: AbortSignal): Promise<Verdict> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // The prompt takes Ctrl-C for itself: hand it on, so that it cancels the run.
  terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  try {
    say(`\n${ask.title}`);
    if (ask.call !== null) say(`  ${ask.call.tool} ${JSON.stringify(ask.call.args)}`);
    if (ask.details !== null) say(`  ${JSON.stringify(ask.details, null, 2).replaceAll("\n", "\n  ")}`);
    const [only, ...more] = ask.decisions;
    if (only === undefined) throw new BatonError("internal", `"${ask.title}" offers nothing to decide.`);
    let decision = only.decision;
    if (more.length > 0) {
      ask.decisions.forEach((one, index) => say(`  ${index + 1}  ${one.label}`));
      decision = await choose(terminal, ask, signal);
    }
    const asks = ask.fields !== null && (ask.answers?.includes(decision) ?? true);
    const answer = asks && ask.fields !== null ? await fillIn(terminal, ask.fields, signal) : null;
    const wanted = ask.comment === "always" || (ask.comment === "onReject" && decision === "reject");
    let comment = "";
    while (wanted && comment === "") comment = (await terminal.question("Comment: ", { signal })).trim();
    return { decision, comment, answer };
  } finally {
    terminal.close();
  }
}

type Terminal = ReturnType<typeof createInterface>;

async function choose(terminal: Terminal, ask: StoredAsk, signal: AbortSignal): Promise<string> {
  for (;;) {
    const word = (await terminal.question(`1 to ${ask.decisions.length}: `, { signal })).trim();
    const chosen = ask.decisions[Number(word) - 1] ?? ask.decisions.find((one) => one.decision === word);
    if (chosen) return chosen.decision;
  }
}

async function fillIn(terminal: Terminal, schema: JsonObject, signal: AbortSignal): Promise<JsonObject> {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const answer: Record<string, JsonObject[string]> = {};
  for (const [name, property] of Object.entries(properties)) {
    const title = isObject(property) && typeof property["title"] === "string" ? property["title"] : name;
    const text = (await terminal.question(`${title}: `, { signal })).trim();
    if (text === "") continue;
    answer[name] = isObject(property) && property["type"] === "string" ? text : readValue(text);
  }
  return answer;
}

function readValue(text: string): JsonObject[string] {
  try {
    return JSON.parse(text) as JsonObject[string];
  } catch {
    return text;
  }
}
