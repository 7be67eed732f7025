import { describe, expect, it } from "vitest";
import { createThrottle } from "./throttle.ts";

describe("a throttle", () => {
  it("refuses after too many failures of one name, until they are old", () => {
    let now = 0;
    const throttle = createThrottle(3, 1000, () => now);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      throttle.check("ada");
      throttle.failed("ada");
      now += 100;
    }
    expect(() => throttle.check("ada")).toThrow("too many attempts");
    expect(() => throttle.check("bob")).not.toThrow();
    now = 1001;
    expect(() => throttle.check("ada")).not.toThrow();
  });
});
