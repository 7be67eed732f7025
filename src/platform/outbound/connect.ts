import { lookup } from "node:dns/promises";
import type { LookupAddress } from "node:dns";
import { Agent, buildConnector } from "undici";
import { BatonError } from "#base/index.ts";
import { type Destination, type EgressChecker, destinationOf } from "./policy.ts";

/** Turns a name into addresses. The default asks the operating system. */
export type Resolver = (host: string) => Promise<readonly LookupAddress[]>;

const systemResolver: Resolver = (host) => lookup(host, { all: true, verbatim: true });

/**
 * An agent whose every connection goes to an address that the checker has seen: the name is resolved once, all of its
 * addresses are checked, and the socket is given those addresses. A name that has one forbidden address is refused as
 * a whole.
 */
export function guardedAgent(checker: EgressChecker, resolve: Resolver = systemResolver): Agent {
  const connectors = new Map<string, buildConnector.connector>();

  const connectorFor = (to: Destination): buildConnector.connector => {
    const key = `${to.scheme}${to.host}:${to.port}`;
    let connector = connectors.get(key);
    if (connector === undefined) {
      connector = buildConnector({
        timeout: 10_000,
        autoSelectFamily: true,
        lookup: (_hostname, options, callback) => {
          resolveChecked(to, checker, resolve).then(
            (addresses) => {
              const first = addresses[0];
              if (options.all === true || first === undefined) callback(null, [...addresses]);
              else callback(null, first.address, first.family);
            },
            (error: NodeJS.ErrnoException) => callback(error, []),
          );
        },
        port: to.port,
      });
      if (connectors.size >= 200) connectors.clear();
      connectors.set(key, connector);
    }
    return connector;
  };

  return new Agent({
    connect: (options, callback) => {
      let to: Destination;
      try {
        const host = options.hostname.includes(":")
          ? `[${options.hostname.replace(/^\[|\]$/g, "")}]`
          : options.hostname;
        to = destinationOf(new URL(`${options.protocol}//${host}:${options.port || ""}`));
        checker.checkDestination(to);
      } catch (error) {
        callback(error instanceof Error ? error : new Error(String(error)), null);
        return;
      }
      connectorFor(to)(options, (...answer) => {
        const [error, socket] = answer;
        if (error !== null) {
          callback(error, null);
          return;
        }
        try {
          if (socket.remoteAddress !== undefined) checker.checkAddress(to, socket.remoteAddress);
          callback(null, socket);
        } catch (refusal) {
          socket.destroy();
          callback(refusal instanceof Error ? refusal : new Error(String(refusal)), null);
        }
      });
    },
    keepAliveTimeout: 10_000,
  });
}

async function resolveChecked(
  to: Destination,
  checker: EgressChecker,
  resolve: Resolver,
): Promise<readonly LookupAddress[]> {
  const addresses = await resolve(to.host);
  if (addresses.length === 0) {
    throw new BatonError("unavailable", `The name ${to.host} has no address.`, {
      hint: "Check the spelling.",
    });
  }
  for (const { address } of addresses) checker.checkAddress(to, address);
  return addresses;
}
