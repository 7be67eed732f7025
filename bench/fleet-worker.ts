/** One of the workers of `bench:engine`: makes runs and drives them when it is told so. */
import type { RunId } from "#base/index.ts";
import type { Order } from "./fleet.ts";
import { flowFor, toolCalls } from "./flows.ts";
import { instantModel } from "./model.ts";
import { openRig } from "./rig.ts";

const [, , url = ""] = process.argv;
const rig = await openRig(url, () => instantModel(toolCalls), 16);
let runs: readonly RunId[] = [];
let last: readonly RunId[] = [];

async function obey(order: Order): Promise<void> {
  if (order.do === "create") {
    // Looked at while nothing is measured.
    await rig.assertSucceeded(last);
    const flow = flowFor(order.kind, order.step);
    runs = await Promise.all(Array.from({ length: order.count }, () => rig.create(flow)));
    return;
  }
  const left = [...runs];
  const lane = async (): Promise<void> => {
    for (let run = left.pop(); run !== undefined; run = left.pop()) await rig.drive(run);
  };
  await Promise.all(Array.from({ length: order.atOnce }, lane));
  last = runs;
}

process.on("message", (order: Order) => {
  obey(order).then(
    () => process.send?.({}),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => void rig.close().then(() => process.exit(0)));
process.send?.({});
