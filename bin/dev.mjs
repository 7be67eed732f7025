// `npm run dev`: as `npm start`, with pages and worker that follow the sources as they change.
import { become, main, prepare } from "./parts/setup.mjs";

await main(async () => {
  process.stdout.write("Baton, for development\n");
  await prepare();
  become("src/processes/start.ts", ["--dev", ...process.argv.slice(2)], { NODE_ENV: "development" });
});
