import { isObject, type Json } from "#base/index.ts";

/** What stands where a secret's value stood. */
export const redactedMark = "[redacted]";

/** Values shorter than this are not looked for: they would blank out ordinary words. */
export const shortestSecret = 6;

/** Removes known values from text on its way to a log, an event, a stream or a person. */
export type Redactor = {
  text(text: string): string;
  /** Redacts every string of a JSON value, names of members included. */
  json<T extends Json>(value: T): T;
  /** Whether the JSON text of a value shows that `json` would leave the value as it is. */
  leaves(jsonText: string): boolean;
  /**
   * Redacts a text that comes in pieces: a value split over any number of pieces is found. What may still become a
   * value is held back until the next piece; `end` yields the rest.
   */
  stream(): { push(piece: string): string; end(): string };
};

/**
 * A redactor for these values. The longest value wins where several begin at one place, and values that overlap are
 * blanked together. Each value is also found in the spelling that it has inside JSON text.
 */
export function redactor(values: readonly string[]): Redactor {
  const spellings = new Set<string>();
  for (const value of values) {
    if (value.length < shortestSecret) continue;
    spellings.add(value);
    spellings.add(JSON.stringify(value).slice(1, -1));
  }
  const needles = [...spellings].sort((a, b) => b.length - a.length);

  // How each would be spelled in the JSON text of a value that holds it: most values hold none, and are told so fast.
  const inJson = needles.map((needle) => JSON.stringify(needle).slice(1, -1));
  const leaves = (jsonText: string): boolean => !inJson.some((needle) => jsonText.includes(needle));

  const text = (input: string): string => {
    if (!needles.some((needle) => input.includes(needle))) return input;
    const scan = new Scan(needles);
    return scan.push(input) + scan.end();
  };
  const json = (value: Json): Json => {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return value.map(json);
    if (isObject(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([key, member]) => [text(key), json(member as Json)]),
      );
    }
    return value;
  };
  return {
    text,
    leaves,
    json: <T extends Json>(value: T): T =>
      needles.length === 0 || leaves(JSON.stringify(value)) ? value : (json(value) as T),
    stream: () => new Scan(needles),
  };
}

/**
 * A scan from left to right. `held` begins at the first character whose fate is open; `covered` is how many of its
 * characters belong to values found already.
 */
class Scan {
  readonly #needles: readonly string[];
  #held = "";
  #covered = 0;
  /** Whether the mark of the stretch that `covered` belongs to was written. */
  #marked = false;

  constructor(needles: readonly string[]) {
    this.#needles = needles;
  }

  push(piece: string): string {
    this.#held += piece;
    return this.#advance(false);
  }

  end(): string {
    return this.#advance(true);
  }

  #advance(last: boolean): string {
    let out = "";
    let at = 0;
    for (; at < this.#held.length; at += 1) {
      let open = false;
      for (const needle of this.#needles) {
        if (this.#held.startsWith(needle, at)) {
          this.#covered = Math.max(this.#covered, needle.length);
          // A longer value was tried before this one; the shorter ones lie within it.
          break;
        }
        if (!last && this.#held.length - at < needle.length && needle.startsWith(this.#held.slice(at)))
          open = true;
        if (open) break;
      }
      if (open) break;
      if (this.#covered > 0) {
        if (!this.#marked) out += redactedMark;
        this.#marked = true;
        this.#covered -= 1;
      } else {
        out += this.#held.charAt(at);
      }
      if (this.#covered === 0) this.#marked = false;
    }
    this.#held = this.#held.slice(at);
    return out;
  }
}
