import type { Json } from "#base/index.ts";

/** Answers what memory holds under a key; null where it holds nothing. */
export type MemoryReader = (key: string) => Json;

const readers = new WeakMap<object, MemoryReader>();
let current: MemoryReader | undefined;

/** Lets expressions that are carried out with this scope read memory. */
export function bindMemory(scope: object, reader: MemoryReader): void {
  readers.set(scope, reader);
}

/** Carries an expression out under the memory of its scope. Expressions are carried out in one go: none is in between. */
export function underMemory<T>(scope: object, action: () => T): T {
  const before = current;
  current = readers.get(scope);
  try {
    return action();
  } finally {
    current = before;
  }
}

/** What `memory(key)` yields in the expression that is carried out now. */
export function readMemory(key: string): Json {
  if (current === undefined) throw new Error("No memory is at hand: memory() can't be used here.");
  return current(key);
}
