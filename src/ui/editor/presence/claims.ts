import type { Person } from "#collab/client.ts";

/** Under this name somebody says which field of a task they are editing. */
export const claimField = "editing";

/**
 * A field that somebody is editing. Of several claims of one field the one with the highest turn holds: taking over means
 * the next turn. Of equal ones, made in the same moment, the older replica's.
 */
export type Claim = { readonly node: string; readonly field: string; readonly turn: number };

/** What somebody says that they are editing; null for nothing, and for anything that is no claim. */
export function claimOf(person: Person): Claim | null {
  const claim = person.state[claimField];
  if (typeof claim !== "object" || claim === null) return null;
  const { node, field, turn } = claim as Partial<Claim>;
  if (typeof node !== "string" || typeof field !== "string" || typeof turn !== "number") return null;
  return { node, field, turn };
}

/** Who holds a field right now, and since which turn. */
export function holderOf(
  people: readonly Person[],
  node: string,
  field: string,
): { readonly person: Person; readonly turn: number } | null {
  let holder: { person: Person; turn: number } | null = null;
  for (const person of people) {
    const claim = claimOf(person);
    if (claim === null || claim.node !== node || claim.field !== field || person.role === "reader") continue;
    const isBefore =
      holder === null ||
      claim.turn > holder.turn ||
      (claim.turn === holder.turn && person.client < holder.person.client);
    if (isBefore) holder = { person, turn: claim.turn };
  }
  return holder;
}
