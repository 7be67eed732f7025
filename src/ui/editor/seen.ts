import { digest } from "lib0/hash/sha256";
import type { LiveDraft } from "./use-draft.ts";

/** A draft as somebody saw it: this text, and no other, is published or tried out. */
export type Seen = {
  readonly text: string;
  /** State vector of its document, in base64. */
  readonly stateVector: string;
};

export function seenOf({ client, text }: LiveDraft): Seen {
  return { text: text.toString(), stateVector: base64(client.stateVector()) };
}

/** SHA-256 of a text in UTF-8, as hex. */
export function hashOf(text: string): string {
  return [...digest(new TextEncoder().encode(text))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
