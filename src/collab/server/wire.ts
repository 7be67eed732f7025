import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { messageRefused, messageSaved } from "../spec.ts";

/** The y-websocket protocol: kinds of messages, and of those that sync. */
export const messageSync = 0;
export const messageAwareness = 1;
export const messageQueryAwareness = 3;
export const syncStep1 = 0;
export const syncStep2 = 1;
export const syncUpdate = 2;

/** What a client says. */
export type Message =
  | { readonly type: "step1"; readonly stateVector: Uint8Array }
  /** `complete`: it answers what the server lacks, so that nothing before it is missing. */
  | { readonly type: "update"; readonly bytes: Uint8Array; readonly complete: boolean }
  | { readonly type: "presence"; readonly entries: readonly PresenceEntry[] }
  | { readonly type: "ask-presence" };

/** What a client is said to be. `state` is JSON text, "null" for somebody who left. */
export type PresenceEntry = { readonly client: number; readonly clock: number; readonly state: string };

/** Reads a frame; null for anything that is not of the protocol. */
export function readMessage(frame: Uint8Array): Message | null {
  try {
    const decoder = decoding.createDecoder(frame);
    switch (decoding.readVarUint(decoder)) {
      case messageSync: {
        const kind = decoding.readVarUint(decoder);
        const bytes = decoding.readVarUint8Array(decoder);
        if (kind === syncStep1) return isStateVector(bytes) ? { type: "step1", stateVector: bytes } : null;
        return kind === syncStep2 || kind === syncUpdate
          ? { type: "update", bytes, complete: kind === syncStep2 }
          : null;
      }
      case messageAwareness:
        return { type: "presence", entries: readPresence(decoding.readVarUint8Array(decoder)) };
      case messageQueryAwareness:
        return { type: "ask-presence" };
      default:
        return null;
    }
  } catch {
    return null;
  }
}

function isStateVector(bytes: Uint8Array): boolean {
  const decoder = decoding.createDecoder(bytes);
  const count = decoding.readVarUint(decoder);
  for (let i = 0; i < count; i += 1) {
    decoding.readVarUint(decoder);
    decoding.readVarUint(decoder);
  }
  return true;
}

/** Reads an awareness update; throws at anything else. */
export function readPresence(bytes: Uint8Array): PresenceEntry[] {
  const decoder = decoding.createDecoder(bytes);
  const count = decoding.readVarUint(decoder);
  const entries: PresenceEntry[] = [];
  for (let i = 0; i < count; i += 1) {
    const client = decoding.readVarUint(decoder);
    const clock = decoding.readVarUint(decoder);
    entries.push({ client, clock, state: decoding.readVarString(decoder) });
  }
  return entries;
}

export function writePresence(entries: readonly PresenceEntry[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, entries.length);
  for (const { client, clock, state } of entries) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarString(encoder, state);
  }
  return encoding.toUint8Array(encoder);
}

export function presenceFrame(entries: readonly PresenceEntry[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, messageAwareness);
  encoding.writeVarUint8Array(encoder, writePresence(entries));
  return encoding.toUint8Array(encoder);
}

export function syncFrame(kind: 0 | 1 | 2, bytes: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, messageSync);
  encoding.writeVarUint(encoder, kind);
  encoding.writeVarUint8Array(encoder, bytes);
  return encoding.toUint8Array(encoder);
}

/** Tells how many of the client's updates, counted since it connected, are saved. */
export function savedFrame(count: number): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, messageSaved);
  encoding.writeVarUint(encoder, count);
  return encoding.toUint8Array(encoder);
}

export function refusedFrame(reason: string): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, messageRefused);
  encoding.writeVarString(encoder, reason);
  return encoding.toUint8Array(encoder);
}

/** Frames that bring somebody who has nothing what a document is made of: the later part waits for the earlier. */
export function contentFrames(state: Uint8Array | null, later: Uint8Array | null): Uint8Array[] {
  const answer = state ?? later ?? new Uint8Array([0, 0]);
  // The answer comes last: with it the client is in step, and takes what it was told before.
  return state === null || later === null
    ? [syncFrame(syncStep2, answer)]
    : [syncFrame(syncUpdate, later), syncFrame(syncStep2, answer)];
}

/** Whether a frame asks for everything there is. */
export function asksForAll(frame: Uint8Array | undefined): boolean {
  return (
    frame?.length === 4 &&
    frame[0] === messageSync &&
    frame[1] === syncStep1 &&
    frame[2] === 1 &&
    frame[3] === 0
  );
}
