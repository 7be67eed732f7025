import { agent } from "./agent.ts";
import { approval } from "./approval.ts";
import { dag } from "./dag.ts";
import { fail } from "./fail.ts";
import { foreach } from "./foreach.ts";
import { flow } from "./flow.ts";
import { form } from "./form.ts";
import type { HeadDefinition } from "./head.ts";
import { ifHead } from "./if.ts";
import { log } from "./log.ts";
import { loop } from "./loop.ts";
import { parallel } from "./parallel.ts";
import { remember } from "./remember.ts";
import { script } from "./script.ts";
import { sequence } from "./sequence.ts";
import { set } from "./set.ts";
import { stop } from "./stop.ts";
import { switchHead } from "./switch.ts";
import { tool } from "./tool.ts";
import { wait } from "./wait.ts";

/** All kinds of tasks by head key. */
export const heads: ReadonlyMap<string, HeadDefinition> = new Map(
  [
    agent,
    tool,
    script,
    sequence,
    parallel,
    dag,
    foreach,
    loop,
    ifHead,
    switchHead,
    approval,
    form,
    wait,
    flow,
    set,
    remember,
    log,
    fail,
    stop,
  ].map((head) => [head.key, head]),
);

export type { HeadDefinition, HeadReader } from "./head.ts";
