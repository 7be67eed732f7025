/** Where instants come from. In a worker this is Postgres' clock (see `platform`), in tests a fixed one. */
export type Clock = {
  /** Epoch milliseconds. */
  now(): number;
};

/** Where randomness comes from. */
export type Random = (count: number) => Uint8Array;

/** Type-level proof that a `switch` covers every member. */
export function never(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`);
}
