import { randomBytes } from "node:crypto";
import type { Database, Listener } from "#platform/index.ts";
import { notify } from "#platform/index.ts";

/** What processes tell one another of documents. One bus for each part that appends; none hears what it sent itself. */
export type Bus = {
  /** Names this bus in what it sends. */
  readonly sender: string;
  readonly ready: Promise<void>;
  /** Tells others what clients say of themselves; `frame` is an awareness update. */
  presence(document: number, frame: Uint8Array): Promise<void>;
  /** Asks others to tell who has the document open. */
  ask(document: number): Promise<void>;
  removed(document: number): Promise<void>;
  close(): void;
};

export type Ears = {
  readonly updates?: (document: number, first: number, last: number) => void;
  readonly presence?: (document: number, sender: string, frame: Uint8Array) => void;
  readonly asked?: (document: number) => void;
  readonly removed?: (document: number) => void;
  /** News may have been lost: look for yourself. */
  readonly missed?: () => void;
};

/** Opens a bus over LISTEN and NOTIFY. Updates are told by the statement that appends them. */
export function openBus(db: Database, listener: Listener, ears: Ears): Bus {
  const sender = randomBytes(6).toString("base64url");
  const stops: (() => void)[] = [];
  let closed = false;

  function hear(payload: string): void {
    const [what, from, ...rest] = payload.split(" ");
    if (from === undefined || from === sender) return;
    const [first = "", second = ""] = rest;
    if (what === "u") {
      for (const entry of first.split(",")) {
        const [document, low, high] = entry.split(":").map(Number);
        if (document !== undefined && low !== undefined && high !== undefined)
          ears.updates?.(document, low, high);
      }
    } else if (what === "p") ears.presence?.(Number(first), from, Buffer.from(second, "base64"));
    else if (what === "q") ears.asked?.(Number(first));
    else if (what === "x") ears.removed?.(Number(first));
  }

  async function listen(): Promise<void> {
    const stop = await listener.listen("live", hear);
    if (closed) stop();
    else
      stops.push(
        stop,
        listener.onReconnect(() => ears.missed?.()),
      );
  }

  const ready = listen();
  ready.catch(() => undefined);
  return {
    sender,
    ready,
    presence: (document, frame) =>
      notify(db.pool, "live", `p ${sender} ${document} ${Buffer.from(frame).toString("base64")}`),
    ask: (document) => notify(db.pool, "live", `q ${sender} ${document}`),
    removed: (document) => notify(db.pool, "live", `x ${sender} ${document}`),
    close() {
      closed = true;
      for (const stop of stops) stop();
    },
  };
}
