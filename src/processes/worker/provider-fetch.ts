import { createOutboundFetch, type EgressPolicy } from "#platform/index.ts";

/** A model may think for minutes, and its stream is a few megabytes at most. */
const limits = { timeoutMs: 600_000, maxBytes: 50_000_000 };

/** The outbound client for model providers: an address that an admin has entered is thereby allowed. */
export function createProviderFetch(
  egress: EgressPolicy,
): (baseUrl: string | null) => typeof globalThis.fetch {
  const known = new Map<string | null, typeof globalThis.fetch>();
  return (baseUrl) => {
    let made = known.get(baseUrl);
    if (made === undefined) {
      const entered = baseUrl === null ? [] : [place(new URL(baseUrl))];
      made = createOutboundFetch({ ...egress, allow: [...egress.allow, ...entered] }, limits);
      known.set(baseUrl, made);
    }
    return made;
  };
}

function place({ protocol, hostname, port }: URL): string {
  return `${protocol}//${hostname}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`;
}
