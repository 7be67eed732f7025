import type { Question, Reply, RequestKind, Requests } from "./protocol.ts";

/** Something that the worker would not do, in words for people. */
export class Refused extends Error {
  readonly hint: string | null;
  constructor(message: string, hint: string | null) {
    super(message);
    this.name = "Refused";
    this.hint = hint;
  }
}

/** Asks the worker that reads texts. */
export class Language {
  readonly #worker: Worker;
  readonly #open = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  #next = 0;

  constructor() {
    this.#worker = new Worker(new URL("./language.worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      const asked = this.#open.get(data.id);
      this.#open.delete(data.id);
      if ("refused" in data) asked?.reject(new Refused(data.refused.message, data.refused.hint));
      else asked?.resolve(data.answer);
    };
  }

  ask<K extends RequestKind>(kind: K, ask: Requests[K]["ask"]): Promise<Requests[K]["answer"]> {
    this.#next += 1;
    const id = this.#next;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve: (answer) => resolve(answer as Requests[K]["answer"]), reject });
      this.#worker.postMessage({ id, kind, ...ask } as unknown as Question);
    });
  }

  close(): void {
    this.#worker.terminate();
    this.#open.clear();
  }
}
