import { isBlobRef, type BlobRef, type Json, type WorkspaceId } from "#base/index.ts";
import type { RunEventBody, Value } from "#flow/machine/index.ts";
import type { Journal } from "#journal/index.ts";

/** Values whose JSON text is longer than this are kept as blobs. Characters. */
export const largestInline = 32_768;

/** Whether a value's JSON text is longer than the limit. Stops counting there. */
export function isLarge(value: unknown, limit = largestInline): boolean {
  return count(value, limit) < 0;
}

function count(value: unknown, room: number): number {
  let left = room;
  if (typeof value === "string") return left - value.length - 2;
  if (value === null || typeof value !== "object") return left - 5;
  for (const [key, item] of Object.entries(value)) {
    left = count(item, left - key.length - 4);
    if (left < 0) return left;
  }
  return left;
}

/** Of the blobs that a segment has seen, so many bytes are kept between its decisions. */
const mostKept = 64_000_000;

/** The blobs that a segment has seen lately, so that hardly one is read twice. */
export class Blobs {
  readonly #journal: Journal;
  readonly #workspace: WorkspaceId;
  /** Oldest first. */
  readonly #known = new Map<string, { readonly value: Json; readonly bytes: number }>();
  #bytes = 0;

  constructor(journal: Journal, workspace: WorkspaceId) {
    this.#journal = journal;
    this.#workspace = workspace;
  }

  get(ref: BlobRef): Json | undefined {
    return this.#known.get(ref.$blob.hash)?.value;
  }

  /** Forgets the oldest beyond what is kept. Not while something is decided, which may need all of them at once. */
  trim(most = mostKept): void {
    for (const [hash, { bytes }] of this.#known) {
      if (this.#bytes <= most) return;
      this.#known.delete(hash);
      this.#bytes -= bytes;
    }
  }

  #keep({ $blob: { hash, bytes } }: BlobRef, value: Json): void {
    if (this.#known.has(hash)) return;
    this.#known.set(hash, { value, bytes });
    this.#bytes += bytes;
  }

  async load(refs: readonly BlobRef[]): Promise<void> {
    const found = await this.#journal.loadBlobs(
      this.#workspace,
      refs.map((ref) => ref.$blob.hash),
    );
    for (const ref of refs) this.#keep(ref, found.get(ref.$blob.hash) ?? null);
  }

  /** The value itself, or the reference to it when it is large. */
  async put(value: Value): Promise<Value> {
    if (isBlobRef(value) || !isLarge(value)) return value;
    const ref = await this.#journal.saveBlob(this.#workspace, JSON.stringify(value));
    this.#keep(ref, value as Json);
    return ref;
  }

  async open(value: Value): Promise<Json> {
    if (!isBlobRef(value)) return value as Json;
    const known = this.get(value);
    if (known !== undefined) return known;
    const { hash } = value.$blob;
    const found = await this.#journal.loadBlobs(this.#workspace, [hash]);
    this.#keep(value, found.get(hash) ?? null);
    return found.get(hash) ?? null;
  }
}

/** Whether an event has a place that may hold a reference, and holds something large. */
function holdsLarge(event: RunEventBody): boolean {
  switch (event.type) {
    case "task-started":
      return isLarge(event.data);
    case "task-succeeded":
      return isLarge(event.output);
    case "tool-call-begun":
      return isLarge(event.args);
    case "tool-call-finished":
      return isLarge(event.result);
    case "variables-set":
      return isLarge(event.values);
    case "run-finished":
      return isLarge(event.outputs);
    default:
      return false;
  }
}

/** The event with its large values kept as blobs. */
export async function withBlobs(event: RunEventBody, blobs: Blobs): Promise<RunEventBody> {
  switch (event.type) {
    case "task-started":
      return { ...event, data: await blobs.put(event.data) };
    case "task-succeeded":
      return { ...event, output: await blobs.put(event.output) };
    case "tool-call-begun":
      return { ...event, args: await blobs.put(event.args) };
    case "tool-call-finished":
      return { ...event, result: await blobs.put(event.result) };
    case "variables-set":
      return { ...event, values: await putAll(event.values, blobs) };
    case "run-finished":
      return event.outputs === null ? event : { ...event, outputs: await putAll(event.outputs, blobs) };
    default:
      return event;
  }
}

async function putAll(values: Record<string, Value>, blobs: Blobs): Promise<Record<string, Value>> {
  const result: Record<string, Value> = {};
  for (const [name, value] of Object.entries(values)) result[name] = await blobs.put(value);
  return result;
}

export async function keepLarge(
  events: readonly RunEventBody[],
  blobs: Blobs,
): Promise<readonly RunEventBody[]> {
  if (!events.some(holdsLarge)) return events;
  const kept: RunEventBody[] = [];
  for (const event of events) kept.push(holdsLarge(event) ? await withBlobs(event, blobs) : event);
  return kept;
}
