import { createServer } from "node:net";
import { BatonError, isObject, messageOf } from "#base/index.ts";

/**
 * Makes sure that the web server will be able to listen, before anything slow begins, and answers the port: a free
 * one for 0.
 */
export async function claimPort(host: string, port: number): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    const code = isObject(cause) ? cause["code"] : undefined;
    if (code === "EADDRINUSE") {
      throw new BatonError("misconfigured", `Port ${port} on ${host} is taken by another program.`, {
        hint: `Stop that program, or choose another port: BATON_PORT=${port === 65_535 ? 3030 : port + 1} npm start`,
        cause,
      });
    }
    if (code === "EACCES") {
      throw new BatonError("misconfigured", `This user may not listen on port ${port}.`, {
        hint: "Choose a port above 1023 in BATON_PORT.",
        cause,
      });
    }
    throw new BatonError("misconfigured", `Baton can't listen on ${host}:${port}: ${messageOf(cause)}.`, {
      hint: "Check BATON_HOST and BATON_PORT.",
      cause,
    });
  }
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : port;
}
