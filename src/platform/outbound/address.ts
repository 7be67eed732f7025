import ipaddr from "ipaddr.js";

/** What kind of place an IP address is. Only "public" may be reached without an admin's word. */
export type AddressClass = "public" | "loopback" | "private" | "link-local" | "metadata" | "reserved";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Addresses where clouds answer with credentials, outside of the link-local range. */
const metadataAddresses: ReadonlySet<string> = new Set([
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "100.100.100.200",
  "192.0.0.192",
  "168.63.129.16",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
]);

/** Prefixes of IPv6 that carry an IPv4 address: the real destination is that address. */
const nat64Local = ipaddr.IPv6.parse("64:ff9b:1::");
const nat64 = ipaddr.IPv6.parse("64:ff9b::");

/** Ranges that the library calls unicast and that are no public destinations. */
const reservedSix: readonly [ipaddr.IPv6, number][] = [
  [ipaddr.IPv6.parse("::"), 96],
  [ipaddr.IPv6.parse("100::"), 64],
  [ipaddr.IPv6.parse("2001::"), 23],
  [ipaddr.IPv6.parse("2001:db8::"), 32],
  [ipaddr.IPv6.parse("3fff::"), 20],
  [ipaddr.IPv6.parse("5f00::"), 16],
  [ipaddr.IPv6.parse("fec0::"), 10],
];

/** The strict spelling of an IPv4 or IPv6 literal, or null when the text is a name. Brackets and zone are removed. */
export function parseAddress(text: string): Address | null {
  const bare = text.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  if (bare.includes(":")) return ipaddr.IPv6.isValid(bare) ? ipaddr.IPv6.parse(bare) : null;
  return ipaddr.IPv4.isValidFourPartDecimal(bare) ? ipaddr.IPv4.parse(bare) : null;
}

function embeddedFour(address: ipaddr.IPv6): ipaddr.IPv4 | null {
  const bytes = address.toByteArray();
  const four = (from: number): ipaddr.IPv4 => new ipaddr.IPv4(bytes.slice(from, from + 4));
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  if (address.match(nat64, 96)) return four(12);
  // 6to4 and the deprecated "IPv4-compatible" form.
  if (bytes[0] === 0x20 && bytes[1] === 0x02) return four(2);
  if (bytes.slice(0, 12).every((byte) => byte === 0) && bytes.slice(12).some((byte) => byte > 1))
    return four(12);
  // ISATAP: ...:0:5efe:a.b.c.d under any prefix.
  if ((bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe) {
    return four(12);
  }
  return null;
}

/** Sorts an address that was parsed by {@link parseAddress} or answered by a resolver. Unreadable text is "reserved". */
export function classifyAddress(text: string): AddressClass {
  const address = parseAddress(text);
  return address === null ? "reserved" : classify(address);
}

function classify(address: Address): AddressClass {
  if (metadataAddresses.has(address.toString())) return "metadata";
  if (address instanceof ipaddr.IPv6) {
    // The local NAT64 prefix (RFC 8215) can hold the IPv4 address at several places: never public.
    if (address.match(nat64Local, 48)) return "reserved";
    const inner = embeddedFour(address);
    if (inner !== null) return classify(inner);
  }
  switch (address.range()) {
    case "loopback":
      return "loopback";
    case "linkLocal":
      return "link-local";
    case "private":
    case "uniqueLocal":
    case "carrierGradeNat":
      return "private";
    case "unicast":
      break;
    default:
      return "reserved";
  }
  if (address instanceof ipaddr.IPv4) return "public";
  const global = (address.toByteArray()[0] ?? 0) >> 5 === 1;
  if (!global) return "reserved";
  return reservedSix.some(([range, bits]) => address.match(range, bits)) ? "reserved" : "public";
}
