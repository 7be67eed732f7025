import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { type Awareness, encodeAwarenessUpdate } from "y-protocols/awareness";
import type { WebsocketProvider } from "y-websocket";
import type { Person } from "./spec.ts";

type Change = { readonly added: number[]; readonly updated: number[]; readonly removed: number[] };

/**
 * Has the provider tell the server of this client alone. By itself it repeats whatever it hears of others, which
 * multiplies every change by the number of clients.
 */
export function tellOnlyOwn(provider: WebsocketProvider, awareness: Awareness): () => void {
  awareness.off("update", provider._awarenessUpdateHandler);
  const tell = ({ added, updated, removed }: Change, origin: unknown): void => {
    if (origin === provider) return;
    const own = awareness.clientID;
    if (![...added, ...updated, ...removed].includes(own)) return;
    const { ws } = provider;
    if (!provider.wsconnected || ws === null) return;
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarUint8Array(encoder, encodeAwarenessUpdate(awareness, [own]));
    ws.send(encoding.toUint8Array(encoder));
  };
  awareness.on("update", tell);
  return () => awareness.off("update", tell);
}

/** Everybody who has the document open, oneself included once the server has said who that is. */
export function peopleOf(awareness: Awareness, self: unknown): Person[] {
  const people: Person[] = [];
  for (const [client, { user: told, ...state }] of awareness.getStates()) {
    const user: unknown = client === awareness.clientID ? self : told;
    if (!isVouched(user)) continue;
    people.push({
      client,
      id: user.id,
      name: user.name,
      color: user.color,
      role: user.role === "writer" ? "writer" : "reader",
      self: client === awareness.clientID,
      state,
    });
  }
  return people;
}

type Vouched = { readonly id: string; readonly name: string; readonly color: string; readonly role: string };

function isVouched(user: unknown): user is Vouched {
  if (typeof user !== "object" || user === null) return false;
  const { id, name, color } = user as Partial<Vouched>;
  return typeof id === "string" && typeof name === "string" && typeof color === "string";
}

/** What the server says that a client is, in an awareness update; null where it says nothing of it. */
export function vouchedIn(update: Uint8Array, client: number): unknown {
  const decoder = decoding.createDecoder(update);
  for (let left = decoding.readVarUint(decoder); left > 0; left -= 1) {
    const id = decoding.readVarUint(decoder);
    decoding.readVarUint(decoder);
    const state = JSON.parse(decoding.readVarString(decoder)) as { user?: unknown } | null;
    if (id === client) return state?.user ?? null;
  }
  return null;
}

/** Reads what a message holds. */
export function readBytes(decoder: decoding.Decoder): Uint8Array {
  return decoding.readVarUint8Array(decoder);
}
/** Reads the number or text of a message that only Baton's server sends. */
export function readCount(decoder: decoding.Decoder): number {
  return decoding.readVarUint(decoder);
}
export function readText(decoder: decoding.Decoder): string {
  return decoding.readVarString(decoder);
}
