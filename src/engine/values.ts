import { isBlobRef, type BlobRef, type Json, type WorkspaceId } from "#base/index.ts";
import { mapPlaces, type RunEventBody, type Text, type Value } from "#flow/machine/index.ts";
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
  async put(value: Value, limit = largestInline): Promise<Value> {
    if (isBlobRef(value) || !isLarge(value, limit)) return value;
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

  async openText(text: Text): Promise<string> {
    if (!isBlobRef(text)) return text;
    const opened = await this.open(text);
    return typeof opened === "string" ? opened : JSON.stringify(opened);
  }
}

/** Where the large values alone do not make an event small enough, smaller ones are kept as blobs as well. Characters. */
const nextSmaller = 2_048;
/** Of an error's message, so much is told. Characters. */
const longestMessage = 8_192;

/** The event with its large values kept as blobs. */
export async function withBlobs(event: RunEventBody, blobs: Blobs): Promise<RunEventBody> {
  let kept = withShortError(event);
  for (const limit of [largestInline, nextSmaller]) {
    if (!isLarge(kept)) return kept;
    kept = await putLarge(kept, blobs, limit);
  }
  return kept;
}

async function putLarge(event: RunEventBody, blobs: Blobs, limit: number): Promise<RunEventBody> {
  const large: Value[] = [];
  mapPlaces(event, (value) => {
    if (isLarge(value, limit)) large.push(value);
    return value;
  });
  if (large.length === 0) return event;
  const refs: Value[] = [];
  for (const value of large) refs.push(await blobs.put(value, limit));
  let next = 0;
  // Places are visited in the same order each time.
  return mapPlaces(event, <T>(value: T): T => {
    if (!isLarge(value, limit)) return value;
    next += 1;
    return refs[next - 1] as T;
  });
}

function withShortError(event: RunEventBody): RunEventBody {
  if (!("error" in event) || event.error === null) return event;
  const { message } = event.error;
  if (message.length <= longestMessage) return event;
  const told = `${message.slice(0, longestMessage).replace(/[\uD800-\uDBFF]$/, "")}… (${message.length} characters)`;
  return { ...event, error: { ...event.error, message: told } };
}

export async function keepLarge(
  events: readonly RunEventBody[],
  blobs: Blobs,
): Promise<readonly RunEventBody[]> {
  if (!events.some((event) => isLarge(event))) return events;
  const kept: RunEventBody[] = [];
  for (const event of events) kept.push(isLarge(event) ? await withBlobs(event, blobs) : event);
  return kept;
}
