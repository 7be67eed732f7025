import type { ASTNode, ParseResult } from "@marcbachmann/cel-js";
import type { BatonError } from "#base/index.ts";
import { expressionLimits, makeEnvironment, renamedMethods } from "./environment.ts";
import { expressionError, isExpressionError } from "./errors.ts";

/** An expression ready to be carried out. */
export type CompiledExpression = { readonly text: string; readonly ast: ASTNode; readonly run: ParseResult };

const environment = makeEnvironment();
const cacheSize = 10_000;
const cache = new Map<string, CompiledExpression | BatonError>();

/** Reads an expression; throws an expression error. Bounded cache, least recently used out first. */
export function compileExpression(text: string): CompiledExpression {
  let known = cache.get(text);
  if (known) {
    cache.delete(text);
  } else {
    known = compile(text);
    const oldest = cache.size >= cacheSize ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
  }
  cache.set(text, known);
  if (known instanceof Error) throw known;
  return known;
}

function compile(text: string): CompiledExpression | BatonError {
  if (text.length > expressionLimits.length) {
    return expressionError(text, `The expression is longer than ${expressionLimits.length} characters.`);
  }
  if (text.trim() === "")
    return expressionError(text, "The expression is empty.", { start: 0, end: text.length });
  try {
    const first = environment.parse(text);
    const renamed = renameMethods(text, first.ast);
    const run = renamed === text ? first : environment.parse(renamed);
    refuseInherited(text, run.ast);
    if (loopDepth(run.ast) > expressionLimits.loops) {
      return expressionError(
        text,
        `map, filter, all and exists may stand in each other ${expressionLimits.loops} deep, not more.`,
      );
    }
    return { text, ast: run.ast, run };
  } catch (error) {
    return isExpressionError(error) ? error : readError(text, error);
  }
}

/** What the library threw, in our words and with its place. */
export function readError(text: string, error: unknown): BatonError {
  const known = error as { summary?: unknown; range?: { start: number; end: number }; message?: unknown };
  const summary = typeof known.summary === "string" ? known.summary : String(known.message ?? error);
  let message = summary.replaceAll("dyn<", "<");
  for (const [name, own] of Object.entries(renamedMethods)) message = message.replaceAll(own, name);
  const sentence = message.endsWith(".") ? message : `${message}.`;
  return expressionError(text, sentence.charAt(0).toUpperCase() + sentence.slice(1), known.range, error);
}

/** Calls `visit` with every node, parents first; `loops` counts the macros that repeat something around it. */
export function walk(node: ASTNode, visit: (node: ASTNode, loops: number) => void, loops = 0): void {
  visit(node, loops);
  for (const [child, inLoop] of childrenOf(node)) walk(child, visit, loops + (inLoop ? 1 : 0));
}

const loopMacros = new Set(["map", "filter", "all", "exists", "exists_one"]);

/** The nodes under a node, and whether each is repeated by it. */
export function childrenOf(node: ASTNode): readonly (readonly [ASTNode, boolean])[] {
  switch (node.op) {
    case "value":
    case "id":
      return [];
    case ".":
    case ".?":
      return [[node.args[0], false]];
    case "call":
      return node.args[1].map((child) => [child, false] as const);
    case "rcall": {
      const repeats = loopMacros.has(node.args[0]);
      return [[node.args[1], false] as const, ...node.args[2].map((child) => [child, repeats] as const)];
    }
    case "list":
      return node.args.map((child) => [child, false] as const);
    case "map":
      return node.args.flatMap(([key, value]) => [[key, false] as const, [value, false] as const]);
    case "!_":
    case "-_":
      return [[node.args, false]];
    default:
      return (node.args as readonly ASTNode[]).map((child) => [child, false] as const);
  }
}

/** Whether a method call repeats its arguments (and so brings a variable of its own). */
export function isLoop(node: ASTNode): boolean {
  return node.op === "rcall" && loopMacros.has(node.args[0]);
}

function loopDepth(ast: ASTNode): number {
  let deepest = 0;
  walk(ast, (_, loops) => {
    deepest = Math.max(deepest, loops);
  });
  return deepest;
}

function renameMethods(text: string, ast: ASTNode): string {
  let result = text;
  walk(ast, (node) => {
    if (node.op !== "rcall") return;
    const [name, receiver] = node.args;
    const own = Object.hasOwn(renamedMethods, name) ? renamedMethods[name] : undefined;
    if (own === undefined) return;
    const from = receiver.range.end;
    const between = new RegExp(`^[\\s)]*\\.\\s*${name}\\b`).exec(text.slice(from));
    if (!between) throw expressionError(text, `Write .${name}(...) right behind what it belongs to.`);
    const start = from + between[0].length - name.length;
    result = result.slice(0, start) + own + result.slice(start + own.length);
  });
  return result;
}

/** Names that every JavaScript object answers to are no names of data. */
function refuseInherited(text: string, ast: ASTNode): void {
  walk(ast, (node) => {
    if (node.op === "id" && node.args in Object.prototype) {
      throw expressionError(text, `Unknown variable: ${node.args}.`, node.range);
    }
  });
}
