import { Environment } from "@marcbachmann/cel-js";
import { RE2JS } from "re2js";
import type { SecretRef } from "#base/index.ts";
import { readMemory } from "./memory.ts";

/** Longest expression in characters, and limits on its structure. */
export const expressionLimits = {
  length: 10_000,
  maxAstNodes: 2_000,
  maxDepth: 40,
  maxListElements: 1_000,
  maxMapEntries: 1_000,
  maxCallArguments: 32,
  /** How deep `map`, `filter`, `all`, `exists` may stand in each other. */
  loops: 2,
  /** Longest text that a string function may make, in characters. */
  textLength: 1_000_000,
} as const;

/**
 * Methods of the library that are carried out under another name, since they can neither be replaced nor removed:
 * its `matches` backtracks, its `join` refuses numbers. Compiling renames the calls. The names are as long as the
 * originals, so that positions stay.
 */
export const renamedMethods: Readonly<Record<string, string>> = { matches: "re2find", join: "glue" };

/**
 * References made by `secret()` itself. Data that merely looks like one (an input, a tool's result) must not become
 * one, or whoever sends data could have secrets sent to places of their choice.
 */
export const ownSecrets = new WeakSet<object>();

/** Makes a reference one that expressions may yield. */
export function ownSecret(reference: SecretRef): SecretRef {
  ownSecrets.add(reference);
  return reference;
}

type Evaluator = { run(node: unknown, context: unknown): unknown };
type Checker = { check(node: unknown, context: unknown): unknown; getType(name: string): unknown };
type DefaultMacro = { args: readonly unknown[] };

function bounded(text: string): string {
  if (text.length > expressionLimits.textLength) {
    throw new Error(`The text would grow beyond ${expressionLimits.textLength} characters.`);
  }
  return text;
}

function findsPattern(text: string, pattern: string): boolean {
  if (pattern.length > 1_000) throw new Error("The pattern is longer than 1000 characters.");
  try {
    return RE2JS.compile(pattern).matcher(text).find();
  } catch (cause) {
    throw new Error(`"${pattern.slice(0, 60)}" is not a pattern that RE2 understands.`, { cause });
  }
}

function textOf(item: unknown): string {
  if (typeof item === "string") return item;
  if (typeof item === "object" && item !== null)
    throw new Error("Only a list of plain values can be joined.");
  return String(item);
}

function replaceAll(text: string, from: string, to: string): string {
  if (from === "") return text;
  const parts = text.split(from);
  if (text.length + (parts.length - 1) * (to.length - from.length) > expressionLimits.textLength) {
    bounded("x".repeat(expressionLimits.textLength + 1));
  }
  return parts.join(to);
}

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};

/** The CEL environment of all expressions: JSON's numbers mix with whole ones, and the language's own functions. */
export function makeEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: expressionLimits.maxAstNodes,
      maxDepth: expressionLimits.maxDepth,
      maxListElements: expressionLimits.maxListElements,
      maxMapEntries: expressionLimits.maxMapEntries,
      maxCallArguments: expressionLimits.maxCallArguments,
    },
  });
  for (const [operator, apply] of Object.entries(arithmetic)) {
    const mixed = (a: unknown, b: unknown): number => apply(Number(a), Number(b));
    environment.registerOperator(`double ${operator} int`, mixed);
    environment.registerOperator(`int ${operator} double`, mixed);
  }
  environment.registerOperator("double % double", (a: number, b: number) => a % b);

  for (const from of ["int", "double"]) {
    environment.registerFunction(`string.slice(${from}): string`, (text: string, start: unknown) =>
      text.slice(Number(start)),
    );
    environment.registerFunction(
      `string.slice(${from}, ${from}): string`,
      (text: string, start: unknown, end: unknown) => text.slice(Number(start), Number(end)),
    );
    environment.registerFunction(`list.slice(${from}): list`, (list: unknown[], start: unknown) =>
      list.slice(Number(start)),
    );
    environment.registerFunction(
      `list.slice(${from}, ${from}): list`,
      (list: unknown[], start: unknown, end: unknown) => list.slice(Number(start), Number(end)),
    );
  }
  environment.registerFunction("list.glue(): string", (list: unknown[]) =>
    bounded(list.map(textOf).join("")),
  );
  environment.registerFunction("list.glue(string): string", (list: unknown[], separator: string) =>
    bounded(list.map(textOf).join(separator)),
  );
  environment.registerFunction("string.lower(): string", (text: string) => text.toLowerCase());
  environment.registerFunction("string.upper(): string", (text: string) => text.toUpperCase());
  environment.registerFunction("string.replace(string, string): string", replaceAll);
  environment.registerFunction("string.re2find(string): bool", findsPattern);
  environment.registerFunction("matches(string, string): bool", findsPattern);
  environment.registerFunction("json(string): dyn", (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new Error("json(): the text is not JSON.", { cause });
    }
  });
  environment.registerFunction("secret(string): map", (name: string) => {
    return ownSecret({ $secret: name });
  });
  environment.registerFunction("memory(string): dyn", readMemory);
  environment.registerFunction("default(ast, ast): dyn", (call: { args: readonly unknown[] }) => ({
    args: call.args,
    async: false,
    typeCheck(checker: Checker, macro: DefaultMacro, context: unknown): unknown {
      for (const argument of macro.args) checker.check(argument, context);
      return checker.getType("dyn");
    },
    evaluate(evaluator: Evaluator, macro: DefaultMacro, context: unknown): unknown {
      let value: unknown;
      try {
        value = evaluator.run(macro.args[0], context);
      } catch {
        value = null;
      }
      return value === null || value === undefined ? evaluator.run(macro.args[1], context) : value;
    },
  }));
  return environment;
}

let names: ReadonlySet<string> | undefined;
/** Functions that are not called by these names: parts of others, and what stands for a renamed method. */
const hidden: ReadonlySet<string> = new Set([
  "of",
  "none",
  "or",
  "value",
  "bind",
  ...Object.values(renamedMethods),
]);

/** Names of the functions and methods that expressions may call. */
export function functionNames(): ReadonlySet<string> {
  names ??= new Set(
    makeEnvironment()
      .getDefinitions()
      .functions.map(({ name }) => name)
      .filter((name) => !hidden.has(name)),
  );
  return names;
}
