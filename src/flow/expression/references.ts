import type { ASTNode } from "@marcbachmann/cel-js";
import { childrenOf, compileExpression, isLoop, type CompiledExpression } from "./compile.ts";

/** A name that an expression reads: `tasks.sort.output` is `["tasks", "sort", "output"]`. Offsets are of the text. */
export type Reference = {
  readonly names: readonly string[];
  /** Whether it stands where its absence does no harm: in `has(…)`, in `default(…)`'s first place, behind `.?`. */
  readonly guarded: boolean;
  readonly start: number;
  readonly end: number;
  /** Where each name starts and ends, as far as it is known. */
  readonly places: readonly { readonly start: number; readonly end: number }[];
};

export type ExpressionFacts = {
  readonly references: readonly Reference[];
  /** Names of the functions called, and the text of `secret`'s argument where it is written out. */
  readonly calls: readonly {
    readonly name: string;
    readonly argument: string | undefined;
    readonly start: number;
    readonly end: number;
  }[];
};

const known = new WeakMap<CompiledExpression, ExpressionFacts>();

/** What an expression reads and calls. Throws an expression error when it can't be read. */
export function expressionFacts(text: string): ExpressionFacts {
  const compiled = compileExpression(text);
  let facts = known.get(compiled);
  if (!facts) {
    facts = factsIn(compiled);
    known.set(compiled, facts);
  }
  return facts;
}

function factsIn(compiled: CompiledExpression): ExpressionFacts {
  const references: Reference[] = [];
  const calls: { name: string; argument: string | undefined; start: number; end: number }[] = [];
  const visit = (node: ASTNode, bound: ReadonlySet<string>, guarded: boolean): void => {
    const chain = chainOf(node);
    if (chain) {
      if (!bound.has(chain.names[0] ?? "")) {
        references.push({
          ...chain,
          guarded: guarded || chain.optional,
          start: node.range.start,
          end: node.range.end,
        });
      }
      for (const rest of chain.rest) visit(rest, bound, guarded);
      return;
    }
    if (node.op === "call") {
      const [name, args] = node.args;
      const [first] = args;
      const argument = first?.op === "value" && typeof first.args === "string" ? first.args : undefined;
      calls.push({ name, argument, start: node.range.start, end: node.range.end });
      args.forEach((arg, index) => {
        visit(arg, bound, guarded || name === "has" || (name === "default" && index === 0));
      });
      return;
    }
    if (node.op === "rcall") {
      const [method, receiver, args] = node.args;
      if (method === "bind" && receiver.op === "id" && receiver.args === "cel") {
        const [name, value, body] = args;
        if (value) visit(value, bound, guarded);
        if (body) visit(body, name?.op === "id" ? new Set([...bound, name.args]) : bound, guarded);
        return;
      }
      visit(receiver, bound, guarded);
      const [variable] = args;
      const inner = isLoop(node) && variable?.op === "id" ? new Set([...bound, variable.args]) : bound;
      for (const arg of args) visit(arg, inner, guarded);
      return;
    }
    for (const [child] of childrenOf(node)) visit(child, bound, guarded);
  };
  visit(compiled.ast, new Set(), false);
  return { references, calls };
}

/** The names that an expression reads. */
export function expressionReferences(text: string): readonly Reference[] {
  return expressionFacts(text).references;
}

type Chain = {
  names: string[];
  places: { start: number; end: number }[];
  optional: boolean;
  /** Index expressions on the way, which read names of their own. */
  rest: ASTNode[];
};

/** Members picked one after the other from a name; undefined when the node is something else. */
function chainOf(node: ASTNode): Chain | undefined {
  if (node.op === "id") {
    return {
      names: [node.args],
      places: [{ start: node.range.start, end: node.range.end }],
      optional: false,
      rest: [],
    };
  }
  if (node.op === "." || node.op === ".?") {
    const [object, name] = node.args;
    const chain = chainOf(object);
    if (!chain) return undefined;
    return {
      ...chain,
      names: [...chain.names, name],
      places: [...chain.places, { start: node.range.end - name.length, end: node.range.end }],
      optional: chain.optional || node.op === ".?",
    };
  }
  if (node.op === "[]" || node.op === "[?]") {
    const [object, key] = node.args;
    const chain = chainOf(object);
    if (!chain) return undefined;
    if (key.op === "value" && typeof key.args === "string") {
      return {
        ...chain,
        names: [...chain.names, key.args],
        places: [...chain.places, { start: key.range.start, end: key.range.end }],
        optional: chain.optional || node.op === "[?]",
      };
    }
    // What lies behind a computed key can't be known: the chain ends here.
    return {
      ...chain,
      names: [...chain.names, "*"],
      places: [...chain.places, key.range],
      rest: [...chain.rest, key],
    };
  }
  return undefined;
}
