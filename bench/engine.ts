/**
 * What the engine costs, beside the least that a durable engine can cost: a plain INSERT committed for each step, on
 * the same Postgres, in the same order, with the same number of runs at once. `npm run bench:engine [-- --json FILE]`
 */
import type { Flow } from "#flow/index.ts";
import { type Line, median, report, rounded } from "./figures.ts";
import { type Fleet, openFleet } from "./fleet.ts";
import { floor, prepareFloor } from "./floor.ts";
import { flowFor, type Kind, modelCalls, type Step, tasks, toolCalls } from "./flows.ts";
import { instantModel } from "./model.ts";
import { measureParked } from "./parked.ts";
import { type Rig, flowOf, openRig, startServer } from "./rig.ts";
import { streamTextCost } from "./stream-text.ts";

const many = 32;
/** So many runs one after the other in each of these places: what a place costs to fill and to empty counts little. */
const turns = 4;
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 15);

const branches = 50;
const fanout = flowOf(
  [
    "id: fanout",
    "tasks:",
    "  - id: all",
    "    parallel:",
    ...Array.from(
      { length: branches },
      (_, i) =>
        `      - id: branch${i}\n        tool: notify\n        with: { to: admin, text: "Branch ${i}" }`,
    ),
  ].join("\n"),
);

type Figures = { alone: number; aloneFloor: number; many: number; manyFloor: number };

/** Milliseconds for all runs, from the moment that they are taken to the commit of their ends. */
async function timeRuns(rig: Rig, flow: Flow, count: number): Promise<number> {
  const runs = await Promise.all(Array.from({ length: count }, () => rig.create(flow)));
  const before = performance.now();
  await Promise.all(runs.map((run) => rig.drive(run)));
  const spent = performance.now() - before;
  await rig.assertSucceeded(runs);
  return spent;
}

/** Milliseconds from taking a run of many branches to the commit of its end. */
async function fanoutCost(rig: Rig): Promise<number> {
  const found: number[] = [];
  for (let i = 0; i < 40; i += 1) found.push(await timeRuns(rig, fanout, 1));
  return median(found.slice(10));
}

/**
 * One round of each beside the other, so that whatever else the machine does meets both. One run alone is driven by one
 * worker in this process, many at once by as many workers as there are cores.
 */
async function measure(rig: Rig, fleet: Fleet, kind: Kind, step: Step, steps: number): Promise<Figures> {
  const flow = flowFor(kind, step);
  const found: { [name in keyof Figures]: number[] } = { alone: [], aloneFloor: [], many: [], manyFloor: [] };
  const ratios: number[] = [];
  const shares: number[] = [];
  // Plans, caches and the compiler warm up: measured is a worker that has been up for a while. The compiler takes some
  // thousands of runs until it leaves a worker alone, and shares the cores with it until then.
  for (let round = 0; round < 40; round += 1) {
    await timeRuns(rig, flow, 16);
    await fleet.time(kind, step, many * turns, many);
  }
  for (let round = -2; round < rounds; round += 1) {
    const aloneFloor: number[] = [];
    const alone: number[] = [];
    for (let i = 0; i < 24; i += 1) {
      aloneFloor.push(await floor(rig.db.pool, 1, steps));
      alone.push(await timeRuns(rig, flow, 1));
    }
    const manyFloor = await floor(rig.db.pool, many, steps * turns);
    const manyRuns = await fleet.time(kind, step, many * turns, many);
    if (round < 0) continue;
    found.alone.push(median(alone));
    found.aloneFloor.push(median(aloneFloor));
    found.many.push(manyRuns / turns);
    found.manyFloor.push(manyFloor / turns);
    ratios.push(median(alone) / median(aloneFloor));
    shares.push(manyFloor / manyRuns);
  }
  const text = (values: readonly number[]): string => values.map((value) => value.toFixed(2)).join(" ");
  if (process.env["BENCH_VERBOSE"])
    process.stderr.write(`${flow.id}: ratios ${text(ratios)}, shares ${text(shares)}\n`);
  return {
    alone: median(found.alone),
    aloneFloor: median(found.alone) / median(ratios),
    many: median(found.many),
    manyFloor: median(found.many) * median(shares),
  };
}

const server = await startServer();
const rig = await openRig(server.url, () => instantModel(toolCalls));
const fleet = await openFleet(server.url);
try {
  await prepareFloor(rig.db.pool);
  const chained = await measure(rig, fleet, "chain", "inside", tasks);
  const chainedOutside = await measure(rig, fleet, "chain", "outside", tasks);
  const looped = await measure(rig, fleet, "agent", "inside", modelCalls + toolCalls);
  const loopedOutside = await measure(rig, fleet, "agent", "outside", modelCalls + toolCalls);
  // Nobody else hears the news of what follows.
  await fleet.close();
  const fanoutMs = await fanoutCost(rig);
  const parked = await measureParked(server.url);
  const textMs = await streamTextCost(() => instantModel(toolCalls), rounds);
  const chainFigures = (found: Figures) => ({
    ratioToInsertFloor: rounded(found.alone / found.aloneFloor),
    stepsPerSecondAt32: Math.round((many * tasks * 1000) / found.many),
    shareOfInsertFloorAt32: rounded(found.manyFloor / found.many),
  });
  const agentFigures = (found: Figures) => ({
    ratioToInsertFloor: rounded(found.alone / found.aloneFloor),
    runsPerSecondAt32: Math.round((many * 1000) / found.many),
    shareOfInsertFloorAt32: rounded(found.manyFloor / found.many),
    shareInStreamText: rounded((modelCalls * textMs) / found.alone),
  });
  const figures = {
    chain: chainFigures(chained),
    chainOutside: chainFigures(chainedOutside),
    agent: agentFigures(looped),
    agentOutside: agentFigures(loopedOutside),
    fanout: { ms: rounded(fanoutMs) },
    parked,
  };
  const line = (figure: string, value: number, goal = "", held = true): Line => ({
    figure,
    value,
    goal,
    held,
  });
  await report(
    `Engine: a chain of ${tasks} tool tasks; an agent's loop of ${modelCalls} model and ${toolCalls} tool calls; ${many} runs at once over ${fleet.workers} workers`,
    [
      line("chain, ms a step", chained.alone / tasks),
      line("chain, floor's ms a step", chained.aloneFloor / tasks),
      line(
        "chain, times the floor",
        figures.chain.ratioToInsertFloor,
        "<= 1.8",
        figures.chain.ratioToInsertFloor <= 1.8,
      ),
      line(`chain, steps/s with ${many} runs`, figures.chain.stepsPerSecondAt32),
      line(`chain, floor's steps/s with ${many} runs`, (many * tasks * 1000) / chained.manyFloor),
      line(
        "chain, share of the floor's",
        figures.chain.shareOfInsertFloorAt32,
        ">= 1.2",
        figures.chain.shareOfInsertFloorAt32 >= 1.2,
      ),
      line("chain of calls that leave Baton, times the floor", figures.chainOutside.ratioToInsertFloor),
      line(`the same, steps/s with ${many} runs`, figures.chainOutside.stepsPerSecondAt32),
      line("the same, share of the floor's", figures.chainOutside.shareOfInsertFloorAt32),
      line("agent, ms a run", looped.alone),
      line(
        "agent, times the floor",
        figures.agent.ratioToInsertFloor,
        "<= 2.5",
        figures.agent.ratioToInsertFloor <= 2.5,
      ),
      line(`agent, runs/s with ${many} runs`, figures.agent.runsPerSecondAt32),
      line(
        "agent, share of the floor's",
        figures.agent.shareOfInsertFloorAt32,
        ">= 0.25",
        figures.agent.shareOfInsertFloorAt32 >= 0.25,
      ),
      line("agent, share of time in streamText", figures.agent.shareInStreamText),
      line("agent whose calls leave Baton, times the floor", figures.agentOutside.ratioToInsertFloor),
      line(`the same, runs/s with ${many} runs`, figures.agentOutside.runsPerSecondAt32),
      line("the same, share of the floor's", figures.agentOutside.shareOfInsertFloorAt32),
      line(`fan-out of ${branches} joined, ms`, fanoutMs, "<= 30", fanoutMs <= 30),
      line("parked, bytes a run", parked.bytesPerRun, "<= 2000", parked.bytesPerRun <= 2000),
      line(
        "parked, statements/s of their own",
        parked.idleStatementsPerSecond,
        "0",
        parked.idleStatementsPerSecond < 0.5,
      ),
      line("decision to next task, p50 ms", parked.resumeP50Ms, "<= 10", parked.resumeP50Ms <= 10),
      line("decision to next task, p99 ms", parked.resumeP99Ms, "<= 40", parked.resumeP99Ms <= 40),
    ],
    figures,
  );
} finally {
  await fleet.close();
  await rig.close();
  await server.stop();
}
