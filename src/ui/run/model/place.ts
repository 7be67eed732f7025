/** What a run's URL carries: the selected task and the moment. Null: the newest task, live. */
export type RunPlace = { readonly task: string | null; readonly at: number | null };

/** Reads `?task=PATH&at=SEQ`; anything that is no sequence number is ignored. */
export function readPlace(search: URLSearchParams): RunPlace {
  const task = search.get("task");
  const at = search.get("at");
  return {
    task: task === null || task === "" ? null : task,
    at: at !== null && /^[1-9]\d{0,8}$/.test(at) ? Number(at) : null,
  };
}

/** The query text for a place, with its "?", or the empty string. */
export function writePlace(place: RunPlace): string {
  const search = new URLSearchParams();
  if (place.task !== null) search.set("task", place.task);
  if (place.at !== null) search.set("at", String(place.at));
  const text = search.toString().replaceAll("%2F", "/");
  return text === "" ? "" : `?${text}`;
}
