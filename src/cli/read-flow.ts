import { readFileSync, statSync } from "node:fs";
import { BatonError, messageOf } from "#base/index.ts";
import { type Knowledge, type Problem, parseFlow, validateFlow, type ParsedFlow } from "#flow/index.ts";
import { roles } from "#governance/index.ts";
import { builtinFacts } from "#tools/index.ts";

const registry = new Map(builtinFacts().map((facts) => [facts.name, facts]));
const knowledge: Knowledge = {
  tools: { get: (name) => registry.get(name), names: () => [...registry.keys()] },
  roles,
};
/** Texts above this many bytes are not even read: the language takes far less. */
const mostBytes = 10_000_000;

/** Reads and checks a flow's file against Baton's own tools and roles. Throws "bad-input" when it can't be read. */
export function readFlowFile(path: string): {
  text: string;
  parsed: ParsedFlow;
  problems: readonly Problem[];
} {
  let text: string;
  try {
    if (statSync(path).size > mostBytes) {
      throw new BatonError("too-large", `${path} is too large to be a flow.`);
    }
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (BatonError.isInstance(cause)) throw cause;
    throw new BatonError("bad-input", `${path} can't be read: ${messageOf(cause)}`, { cause });
  }
  const parsed = parseFlow(text);
  return { text, parsed, problems: validateFlow(parsed, knowledge) };
}

/** `FILE:line:column severity [rule] message` */
export function problemLine(file: string, { line, column, severity, rule, message }: Problem): string {
  return `${file}:${line}:${column} ${severity} [${rule}] ${message}`;
}
