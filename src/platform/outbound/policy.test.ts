import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classifyAddress } from "./address.ts";
import { destinationOf, egressChecker, parseEgressList } from "./policy.ts";

type Four = readonly [number, number, number, number];

const byte = fc.integer({ min: 0, max: 255 });
const forbiddenFour: fc.Arbitrary<Four> = fc.oneof(
  fc.tuple(fc.constant(127), byte, byte, byte),
  fc.tuple(fc.constant(10), byte, byte, byte),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
  fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
  fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
  fc.tuple(fc.constant(0), byte, byte, byte),
  fc.tuple(fc.integer({ min: 224, max: 255 }), byte, byte, byte),
);

const hex = (value: number, width = 2): string => value.toString(16).padStart(width, "0");
const asSix = ([a, b, c, d]: Four): string => `${hex(a)}${hex(b)}:${hex(c)}${hex(d)}`;
const asNumber = ([a, b, c, d]: Four): number => ((a * 256 + b) * 256 + c) * 256 + d;

/** Ways in which the same IPv4 address can be written as the host of a URL. */
const spellings: Readonly<Record<string, (four: Four) => string>> = {
  dotted: (four) => four.join("."),
  "trailing dot": (four) => `${four.join(".")}.`,
  decimal: (four) => String(asNumber(four)),
  "hexadecimal number": (four) => `0x${asNumber(four).toString(16)}`,
  "octal number": (four) => `0${asNumber(four).toString(8)}`,
  "octal parts": (four) => four.map((part) => `0${part.toString(8)}`).join("."),
  "hexadecimal parts": (four) => four.map((part) => `0x${part.toString(16).toUpperCase()}`).join("."),
  "three parts": ([a, b, c, d]) => `${a}.${b}.${c * 256 + d}`,
  "two parts": ([a, b, c, d]) => `${a}.${(b * 256 + c) * 256 + d}`,
  "percent-encoded": (four) => [...four.join(".")].map((char) => `%${hex(char.charCodeAt(0))}`).join(""),
  "full-width digits": (four) =>
    four.join(".").replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)),
  "ideographic full stop": (four) => four.join("。"),
  "IPv4-mapped": (four) => `[::ffff:${four.join(".")}]`,
  "IPv4-mapped, in hexadecimal": (four) => `[0:0:0:0:0:FFFF:${asSix(four)}]`,
  NAT64: (four) => `[64:ff9b::${asSix(four)}]`,
  "NAT64, dotted": (four) => `[64:ff9b::${four.join(".")}]`,
  "NAT64, local prefix": (four) => `[64:ff9b:1::${asSix(four)}]`,
  "6to4": (four) => `[2002:${asSix(four)}::1]`,
  "IPv4-compatible": (four) => `[::${asSix(four)}]`,
  ISATAP: (four) => `[2606:4700::5efe:${asSix(four)}]`,
};

describe("egress policy", () => {
  const checker = egressChecker({ public: true, allow: [] });

  it.each(Object.keys(spellings))("refuses private addresses spelled as: %s", (name) => {
    fc.assert(
      fc.property(forbiddenFour, fc.constantFrom("http", "https"), (four, scheme) => {
        const url = new URL(`${scheme}://${spellings[name]?.(four)}/`);
        expect(() => checker.checkDestination(destinationOf(url))).toThrow(/Outbound request refused/);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses unique local, link-local, site-local, multicast and documentation addresses of IPv6", () => {
    const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 7, maxLength: 7 });
    const first = fc.oneof(
      fc.integer({ min: 0xfc00, max: 0xffff }),
      fc.constantFrom(0x0100, 0x5f00, 0x4000, 0x8000, 0xfe80, 0xfec0),
    );
    fc.assert(
      fc.property(first, groups, (head, rest) => {
        expect(classifyAddress([head, ...rest].map((group) => group.toString(16)).join(":"))).not.toBe(
          "public",
        );
      }),
    );
    for (const address of ["::", "::1", "2001:db8::1", "2001::1", "fe80::1%eth0", "fd00:ec2::254"]) {
      expect(classifyAddress(address)).not.toBe("public");
    }
  });

  it("knows public addresses", () => {
    for (const address of [
      "1.1.1.1",
      "93.184.216.34",
      "2606:4700:4700::1111",
      "64:ff9b::101:101",
      "::ffff:8.8.8.8",
    ]) {
      expect(classifyAddress(address)).toBe("public");
    }
  });

  it("knows the metadata services by name", () => {
    for (const address of [
      "169.254.169.254",
      "::ffff:a9fe:a9fe",
      "100.100.100.200",
      "fd00:ec2::254",
      "168.63.129.16",
    ]) {
      expect(classifyAddress(address)).toBe("metadata");
    }
  });

  const allowed = (allow: string[], address: string, isPublic = false): boolean => {
    try {
      egressChecker({ public: isPublic, allow }).checkDestination(destinationOf(new URL(address)));
      return true;
    } catch {
      return false;
    }
  };

  it("reads entries by scheme, host and port", () => {
    expect(allowed(["example.com"], "https://example.com/")).toBe(true);
    expect(allowed(["example.com"], "http://EXAMPLE.com./x")).toBe(true);
    expect(allowed(["example.com"], "https://example.com:8443/")).toBe(false);
    expect(allowed(["example.com:8443"], "https://example.com:8443/")).toBe(true);
    expect(allowed(["example.com:8443"], "https://example.com/")).toBe(false);
    expect(allowed(["https://example.com"], "http://example.com/")).toBe(false);
    expect(allowed(["*.example.com"], "https://api.example.com/")).toBe(true);
    expect(allowed(["*.example.com"], "https://example.com/")).toBe(false);
    expect(allowed(["*.example.com"], "https://badexample.com/")).toBe(false);
    expect(allowed([], "https://example.com/")).toBe(false);
    expect(allowed([], "https://example.com/", true)).toBe(true);
    expect(allowed([], "https://example.com:22/", true)).toBe(false);
  });

  it("lets a private address through only when listed with its port", () => {
    expect(allowed(["10.0.0.5:8080"], "http://10.0.0.5:8080/")).toBe(true);
    expect(allowed(["10.0.0.5"], "http://10.0.0.5/")).toBe(false);
    expect(allowed(["10.0.0.5:80"], "http://10.0.0.5/")).toBe(true);
    expect(allowed(["10.0.0.5:8080"], "http://10.0.0.6:8080/")).toBe(false);
    expect(allowed(["[::1]:9000"], "http://[::1]:9000/")).toBe(true);
    expect(allowed(["169.254.169.254:80"], "http://169.254.169.254/")).toBe(true);
  });

  it("narrows to the places of a workspace what the installation lets through, and opens nothing", () => {
    const reaches = (only: string[], address: string): boolean => {
      const policy = { public: true, allow: ["10.0.0.5:8080"], only };
      try {
        egressChecker(policy).checkDestination(destinationOf(new URL(address)));
        return true;
      } catch {
        return false;
      }
    };
    expect(reaches(["example.com"], "https://example.com/")).toBe(true);
    expect(reaches(["example.com"], "https://other.example/")).toBe(false);
    expect(reaches(["*.example.com"], "https://api.example.com/")).toBe(true);
    expect(reaches(["10.0.0.5:8080"], "http://10.0.0.5:8080/")).toBe(true);
    expect(reaches([], "http://10.0.0.5:8080/")).toBe(false);
    expect(reaches(["10.0.0.6:8080"], "http://10.0.0.6:8080/")).toBe(false);
    expect(reaches(["169.254.169.254:80"], "http://169.254.169.254/")).toBe(false);
    expect(reaches(["example.com:22"], "https://example.com:22/")).toBe(false);
  });

  it("reads a list from a setting and names the entry that is none", () => {
    expect(parseEgressList(" a.example, https://b.example:8443\n*.c.example ")).toEqual([
      "a.example",
      "https://b.example:8443",
      "*.c.example",
    ]);
    expect(() => parseEgressList("ftp://x")).toThrow(/ftp:\/\/x/);
    expect(() => parseEgressList("http://a/b")).toThrow(/http:\/\/a\/b/);
  });
});
