import { foldEvents, initialState, type RunEvent, type RunState } from "#flow/machine/index.ts";

/** The events of a run as far as they are known, and their fold. */
export type RunLog = {
  readonly events: readonly RunEvent[];
  readonly state: RunState;
  /** Whether an event is missing before one that came: then everything has to be read again. */
  readonly hasGap: boolean;
};

export const emptyLog: RunLog = { events: [], state: initialState(), hasGap: false };

/** Takes in events in the order of their numbers. What is known already changes nothing. */
export function extendLog(log: RunLog, events: readonly RunEvent[]): RunLog {
  const fresh: RunEvent[] = [];
  let next = log.events.length + 1;
  let hasGap = false;
  for (const event of events) {
    if (event.seq < next) continue;
    if (event.seq > next) {
      hasGap = true;
      break;
    }
    fresh.push(event);
    next += 1;
  }
  if (fresh.length === 0) return hasGap === log.hasGap ? log : { ...log, hasGap };
  return { events: [...log.events, ...fresh], state: foldEvents(log.state, fresh), hasGap };
}

/** The run as it was after event `at`. */
export function stateAt(log: RunLog, at: number): RunState {
  return at >= log.events.length ? log.state : foldEvents(initialState(), log.events.slice(0, at));
}
