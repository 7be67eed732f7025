import { vi } from "vitest";

// A second, vitest's own patience, is not enough on a machine that does other things besides.
const waitFor = vi.waitFor.bind(vi);
vi.waitFor = (check, options = {}) =>
  waitFor(check, { timeout: 15_000, ...(typeof options === "number" ? { timeout: options } : options) });
