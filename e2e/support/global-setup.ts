import { startBaton } from "./server.ts";

/** One Baton for all files. Its address and its setup link reach the tests through the environment. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const baton = await startBaton();
  process.env["BATON_E2E_URL"] = baton.url;
  process.env["BATON_E2E_SETUP"] = baton.setupLink;
  return () => baton.stop();
}
