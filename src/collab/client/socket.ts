/** What the client counts of what it sends. */
export type SentCounter = {
  /** A frame with edits was sent: an update, or the answer to what the server lacks. */
  sent(): void;
};

/** A WebSocket that tells of each frame with edits: the server answers with how many of them are saved. */
export function countingSocket(
  base: typeof globalThis.WebSocket,
  counter: SentCounter,
): typeof globalThis.WebSocket {
  return class extends base {
    override send(data: string | Blob | BufferSource): void {
      super.send(data);
      if (!(data instanceof Uint8Array)) return;
      // Message 0 syncs; of these, 1 and 2 carry edits.
      if (data[0] === 0 && (data[1] === 1 || data[1] === 2)) counter.sent();
    }
  };
}
