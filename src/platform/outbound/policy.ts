import { BatonError } from "#base/index.ts";
import { classifyAddress, parseAddress } from "./address.ts";

/**
 * Where a workspace's tools and models may connect to.
 *
 * `allow` lists places as `host`, `host:port`, `scheme://host:port` or `*.example.com`; the port left out means 443
 * (https) or 80 (http), the scheme left out means both. `public` lets every public address through on those two
 * ports. An address that is private or loopback needs its host (exact, with port) in `allow`; one that is link-local or
 * a cloud's metadata service needs to be listed as the address itself.
 *
 * `only`, written in the same way, narrows that: of what the rest lets through, these places alone. It opens nothing.
 */
export type EgressPolicy = {
  readonly public: boolean;
  readonly allow: readonly string[];
  readonly only?: readonly string[];
};

/** One entry of the allow-list, read. `host` is lower case, without a trailing dot. */
type EgressRule = {
  readonly scheme: "http:" | "https:" | null;
  readonly host: string;
  readonly wildcard: boolean;
  readonly port: number | null;
};

export type Destination = {
  readonly scheme: "http:" | "https:";
  /** Lower case, no trailing dot, no brackets. */
  readonly host: string;
  readonly port: number;
};

/** Reads an allow-list, e.g. from a setting: entries separated by commas or white space. */
export function parseEgressList(text: string): readonly string[] {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== "");
  for (const entry of entries) parseRule(entry);
  return entries;
}

function parseRule(entry: string): EgressRule {
  const match = /^(?:(https?):\/\/)?(\*\.)?(\[[^\]]+\]|[^:/?#@\s]+)(?::(\d{1,5}))?\/?$/i.exec(entry);
  const name = match?.[3];
  if (match === null || name === undefined) {
    throw new BatonError(
      "misconfigured",
      `The outbound allow-list has an entry that cannot be read: "${entry}".`,
      {
        hint: "Write host, host:port, scheme://host:port or *.example.com.",
      },
    );
  }
  let host: string;
  try {
    host = bareHost(new URL(`http://${name}/`).hostname);
  } catch (cause) {
    throw new BatonError(
      "misconfigured",
      `The outbound allow-list names a host that is not one: "${entry}".`,
      {
        hint: "Write host, host:port, scheme://host:port or *.example.com.",
        cause,
      },
    );
  }
  return {
    scheme: match[1] === undefined ? null : match[1].toLowerCase() === "https" ? "https:" : "http:",
    host,
    wildcard: match[2] !== undefined,
    port: match[4] === undefined ? null : Number(match[4]),
  };
}

function bareHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.+$/, "");
}

/** Reads where a URL leads. Refuses other schemes and credentials in the address. */
export function destinationOf(url: URL): Destination {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new BatonError("forbidden", `Requests to "${url.protocol}" addresses are not possible.`, {
      hint: "Use an http or https address.",
    });
  }
  if (url.username !== "" || url.password !== "") {
    throw new BatonError("bad-input", `The address of ${url.host} carries a user name or password.`, {
      hint: "Send credentials in a header, from a secret.",
    });
  }
  const host = bareHost(url.hostname);
  if (host === "")
    throw new BatonError("bad-input", "The address names no host.", { hint: "Write a full URL." });
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { scheme: url.protocol, host, port };
}

export type EgressChecker = {
  /** Whether the place may be asked for at all. Throws "forbidden". Checks literal addresses as well. */
  checkDestination(destination: Destination): void;
  /** Whether a resolved address of the place may be connected to. Throws "forbidden". */
  checkAddress(destination: Destination, address: string): void;
};

/** Compiles a policy. Throws "misconfigured" when an entry cannot be read. */
export function egressChecker(policy: EgressPolicy): EgressChecker {
  const rules = policy.allow.map(parseRule);
  const only = policy.only?.map(parseRule);

  const checkAddress = (to: Destination, address: string): void => {
    const kind = classifyAddress(address);
    if (kind === "public") return;
    const exact = rules.some(
      (rule) =>
        !rule.wildcard &&
        rule.port === to.port &&
        rule.host === to.host &&
        (rule.scheme === null || rule.scheme === to.scheme),
    );
    const byAddress = parseAddress(to.host) !== null;
    if (exact && (kind === "private" || kind === "loopback" || byAddress)) return;
    const place = byAddress ? to.host : `${to.host} (${address})`;
    throw new BatonError("forbidden", `Outbound request refused: ${place} is a ${kind} address.`, {
      hint: `An admin can allow it by listing ${kind === "private" || kind === "loopback" ? display(to) : `the address itself with port ${to.port}`} in the outbound allow-list.`,
    });
  };

  return {
    checkAddress,
    checkDestination(to) {
      if (only !== undefined && !isListed(only, to)) {
        throw new BatonError(
          "forbidden",
          `Outbound request refused: ${display(to)} is not among the places that this workspace may reach.`,
          { hint: `An admin of the workspace can add ${display(to)} on the settings page, under Network.` },
        );
      }
      if (!isListed(rules, to) && !(policy.public && isUsualPort(to))) {
        throw new BatonError(
          "forbidden",
          `Outbound request refused: ${display(to)} is not on the allow-list.`,
          {
            hint: `An admin can add ${display(to)} to the outbound allow-list.`,
          },
        );
      }
      if (parseAddress(to.host) !== null) checkAddress(to, to.host);
    },
  };
}

function isListed(rules: readonly EgressRule[], to: Destination): boolean {
  return rules.some((rule) => {
    if (rule.scheme !== null && rule.scheme !== to.scheme) return false;
    if (rule.port === null ? !isUsualPort(to) : rule.port !== to.port) return false;
    return rule.wildcard ? to.host.endsWith(`.${rule.host}`) : rule.host === to.host;
  });
}

function isUsualPort(to: Destination): boolean {
  return to.port === (to.scheme === "https:" ? 443 : 80);
}

function display(to: Destination): string {
  return `${to.host.includes(":") ? `[${to.host}]` : to.host}:${to.port}`;
}
