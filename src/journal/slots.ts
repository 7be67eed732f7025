import { BatonError } from "#base/index.ts";

/** Places for runs of one key of a flow: as many as `limit` at once. */
type Slot = { readonly key: string; readonly limit: number };

/** What lists say of a run that waits for its turn. */
export function queuedWords({ key, limit }: Slot): string {
  return `Queued: ${limit} ${limit === 1 ? "run" : "runs"} at a time${ofKey(key)}`;
}

function ofKey(key: string): string {
  return key === "" ? "" : ` for ${key}`;
}

/** Why there is no room for a run. */
export function fullWords({ key, limit }: Slot): string {
  return `${limit === 1 ? "Another run is" : `${limit} runs are`} under way already${ofKey(key)}.`;
}

/** Why a run is not taken up again whose place others have, or wait for. */
export function noPlace(slot: Slot): BatonError {
  return new BatonError("conflict", fullWords(slot), {
    hint: "Its flow limits how many runs there are at once. Retry it when there is room.",
  });
}
