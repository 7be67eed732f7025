// `npm start`: sets everything up, then runs Baton until it is told to stop.
import { become, build, main, prepare } from "./parts/setup.mjs";

await main(async () => {
  process.stdout.write("Baton\n");
  await prepare();
  // A worker serves no page.
  if (!isWorker(process.argv.slice(2))) await build();
  become("src/processes/start.ts", process.argv.slice(2), { NODE_ENV: "production" });
});

/** Whether the command line or the environment asks for a worker alone; whatever is wrong with them is told later. */
function isWorker(args) {
  const at = args.findLastIndex((arg) => arg === "--role" || arg.startsWith("--role="));
  const role = at === -1 ? process.env.BATON_ROLE : (args[at].split("=")[1] ?? args[at + 1]);
  return role === "worker";
}
