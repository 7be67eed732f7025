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
