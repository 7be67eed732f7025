import type { HeadKey, Task } from "../../language/definition.ts";
import { agent } from "./agent.ts";
import { approval } from "./approval.ts";
import { dag } from "./dag.ts";
import { fail } from "./fail.ts";
import { foreach } from "./foreach.ts";
import { flow } from "./flow.ts";
import { form } from "./form.ts";
import type { AnyHead, Head } from "./head.ts";
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

/** Every head key and what carries it out. A new one is a line here and a file beside. */
const heads: { readonly [K in HeadKey]: Head<K> } = {
  agent,
  tool,
  script,
  sequence,
  parallel,
  dag,
  foreach,
  loop,
  if: ifHead,
  switch: switchHead,
  approval,
  form,
  wait,
  flow,
  set,
  remember,
  log,
  fail,
  stop,
};

export function headOf(task: Task): AnyHead {
  return heads[task.kind] as AnyHead;
}
