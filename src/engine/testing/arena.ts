import { BatonError, type JsonObject, type RunId } from "#base/index.ts";
import type { Flow } from "#flow/index.ts";
import type { RunState } from "#flow/machine/index.ts";
import type { Journal, NewRun } from "#journal/index.ts";
import type { Engine } from "../ports.ts";
import { stateOf } from "./finish.ts";
import { mortal, type KillPoint } from "./kill.ts";
import { engineFor, flowOf, newId, outside, starter, type ConformanceWorld } from "./world.ts";

type Flows = Readonly<Record<string, Flow>>;
const noSender = (): never => {
  throw new Error("This world sends no events.");
};
const tools = {
  look: { repeatable: true },
  hang: {},
  shaky: { repeatable: true },
  /** Changes nothing. */
  peek: { repeatable: true, effect: "none", inside: true },
} as const;

/** Several runs of several flows, driven in turn until none moves. */
export async function makeArena(world: ConformanceWorld, texts: readonly string[], point?: KillPoint) {
  const { id, journal } = await world.worker();
  const place = await world.place();
  const flows: Flows = Object.fromEntries(texts.map((text) => [flowOf(text).id, flowOf(text)]));
  const flowsOf = new Map<RunId, string>();
  const runs: RunId[] = [];
  const around = outside();
  const shaky = { broken: true };
  const beyond = {
    ...around,
    /** The tool `shaky` fails until it is mended. */
    call: async (request: Parameters<typeof around.call>[0]) => {
      if (request.tool !== "shaky" || !shaky.broken) return around.call(request);
      around.made.push(request.key);
      throw new BatonError("internal", "It does not work.");
    },
  };
  const dying = mortal(journal, beyond, point);
  let lostAnswers = 0;

  function note(run: RunId, flow: string): void {
    if (flowsOf.has(run)) return;
    flowsOf.set(run, flow);
    runs.push(run);
  }

  function made(run: RunId, flow: string, more: Partial<NewRun["start"]> = {}): NewRun {
    return {
      id: run,
      ...place,
      revision: flow,
      start: {
        type: "run-started",
        flowId: place.flow,
        revisionId: flow,
        inputs: {},
        vars: {},
        by: starter,
        simulated: false,
        ...more,
      },
    };
  }

  function engineOf(worker: { id: typeof id; journal: Journal }, effects = beyond): Engine {
    const creating: Journal = {
      ...worker.journal,
      async create(run) {
        await worker.journal.create(run);
        note(run.id, run.revision);
        if (lostAnswers === 0) return;
        lostAnswers -= 1;
        throw new Error("Connection terminated unexpectedly");
      },
    };
    return engineFor(
      { ...worker, journal: creating },
      flows[""] ?? flowOf("id: none\ntasks: []\n"),
      tools,
      effects,
      {
        revisions: async (revision) => ({ flow: flows[revision] ?? flowOf("id: none\ntasks: []\n") }),
        runs: {
          async start({ run, flow, inputs, parent, limits, sandbox }) {
            if (!flows[flow]) throw new BatonError("not-found", `There is no flow "${flow}".`);
            const { concurrency } = flows[flow];
            const slot = concurrency && { ...concurrency, key: String(inputs["key"] ?? "") };
            await creating.create({
              ...made(run, flow, { inputs, parent, limits, ...(sandbox ? { sandbox } : {}) }),
              ...(slot ? { slot } : {}),
            });
            return { number: 1, flow, title: flow, revision: 1 };
          },
        },
      },
    ).engine;
  }

  let engine = engineOf({ id, journal: dying.journal }, dying.beyond);

  const self = {
    journal,
    beyond,
    runs,
    died: dying.died,
    id,
    async start(flow: string, inputs: JsonObject = {}, more: Partial<NewRun["start"]> = {}): Promise<RunId> {
      const run = newId("run");
      const { concurrency } = flows[flow] ?? {};
      const slot = concurrency && {
        limit: concurrency.limit,
        onFull: concurrency.onFull,
        key: String(inputs["key"] ?? ""),
      };
      await journal.create({ ...made(run, flow, { inputs, ...more }), ...(slot ? { slot } : {}) });
      note(run, flow);
      return run;
    },
    /** The next so many runs are made, but whoever asks for them gets no answer. */
    loseAnswers(count: number): void {
      lostAnswers = count;
    },
    /** Drives all runs, those that come up as well, until nothing is left to do. */
    async settle(): Promise<void> {
      for (let round = 0; round < 200; round += 1) {
        let events = 0;
        for (const run of [...runs]) {
          const before = (await journal.events(run, 0, 100_000)).length;
          await engine.drive(run);
          events += (await journal.events(run, 0, 100_000)).length - before;
        }
        if (events === 0) return;
      }
      throw new Error("The runs do not come to rest.");
    },
    engine: () => engine,
    async replaceWorker(): Promise<void> {
      await world.declareDead(id);
      const next = await world.worker();
      engine = engineOf(next);
    },
    state: (run: RunId): Promise<RunState> => stateOf(journal, run),
    async outcome(run: RunId): Promise<unknown> {
      const { phase } = await stateOf(journal, run);
      return phase.name === "finished" ? (phase.outputs ?? phase.error ?? phase.outcome) : phase.name;
    },
    mend: () => {
      shaky.broken = false;
    },
    pause: (run: RunId) =>
      journal.signal(run, `pause:${newId("inbx")}`, { kind: "pause", by: starter, reason: "test" }),
    resume: (run: RunId) => journal.signal(run, `resume:${newId("inbx")}`, { kind: "resume", by: starter }),
    retry: (run: RunId) =>
      journal.reopen(run, `retry:${newId("inbx")}`, { kind: "retry", by: starter, reason: "test" }),
    cancel: (run: RunId) => journal.cancelRun(run, { kind: "cancel", by: starter, reason: "test" }),
    send: (name: string, about: string, payload: string) =>
      (world.send ?? noSender)({ name, about, payload, by: starter }),
    fire: (run: RunId, path: string, name: string, n: number) =>
      journal.signal(run, `timer:${path}:${name}:${n}`, { kind: "timer", path, name, n }),
  };
  return self;
}

export type Arena = Awaited<ReturnType<typeof makeArena>>;
