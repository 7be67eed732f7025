// `npm run faults`: sets up what the harness of faults needs and runs it; see faults/run.ts for its words.
import { become, main, prepare } from "./parts/setup.mjs";

await main(async () => {
  await prepare();
  // What it breaks is told of by the scenarios, not by everybody whom it hits.
  process.env.BATON_LOG_LEVEL ??= "silent";
  become("faults/run.ts", process.argv.slice(2));
});
