// `npm start`: sets everything up, then runs Baton until it is told to stop.
import { become, build, main, prepare } from "./parts/setup.mjs";

await main(async () => {
  process.stdout.write("Baton\n");
  await prepare();
  await build();
  become("src/processes/start.ts", process.argv.slice(2), { NODE_ENV: "production" });
});
