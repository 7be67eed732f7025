/**
 * Branded identifiers. Each is `<prefix>_<26 characters of Crockford base32>`: the first ten encode the
 * millisecond of creation, so that ids sort by age; the rest is random.
 */
declare const brand: unique symbol;
export type Id<P extends string> = string & { readonly [brand]: P };

export type WorkspaceId = Id<"ws">;
export type UserId = Id<"user">;
export type FlowId = Id<"flow">;
export type RevisionId = Id<"rev">;
export type RunId = Id<"run">;
export type ApprovalId = Id<"appr">;
export type FileId = Id<"file">;
export type WorkerId = Id<"wrk">;
export type InboxItemId = Id<"inbx">;
export type TriggerId = Id<"trg">;
export type NotificationId = Id<"note">;

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * Makes an id. `instant` is epoch milliseconds; `random` yields bytes (0 to 255) and is injected, so that
 * pure code can make ids too.
 */
export function makeId<P extends string>(
  prefix: P,
  instant: number,
  random: (count: number) => Uint8Array,
): Id<P> {
  let time = "";
  for (let rest = Math.floor(instant), i = 0; i < 10; i += 1) {
    time = alphabet.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  let tail = "";
  for (const byte of random(16)) tail += alphabet.charAt(byte & 31);
  return `${prefix}_${time}${tail}` as Id<P>;
}

/** Whether `text` is an id with this prefix. */
export function isId<P extends string>(prefix: P, text: unknown): text is Id<P> {
  return (
    typeof text === "string" &&
    text.length === prefix.length + 27 &&
    text.startsWith(`${prefix}_`) &&
    /^[0-9a-hjkmnp-tv-z]{26}$/.test(text.slice(prefix.length + 1))
  );
}
