import { describe, expect, test } from "vitest";
import { contentOf } from "./content.ts";

const read = (type: string, body: string | Uint8Array, query = "") =>
  contentOf({
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
    headers: type === "" ? {} : { "content-type": type },
    query: new URLSearchParams(query),
  });

describe("what a call says", () => {
  test("[T15] JSON, forms and text are read by their type", () => {
    expect(read("application/json; charset=utf-8", '{"a":[1]}').body).toEqual({ a: [1] });
    expect(read("application/cloudevents+json", "3").body).toBe(3);
    expect(read("application/x-www-form-urlencoded", "a=1&b=x+y&a=2").body).toEqual({
      a: ["1", "2"],
      b: "x y",
    });
    expect(read("text/plain", "hello").body).toBe("hello");
    expect(read("", "").body).toBeNull();
    expect(read("text/plain", "x", "q=1&__proto__=2").query).toEqual(
      Object.fromEntries([
        ["q", "1"],
        ["__proto__", "2"],
      ]),
    );
  });

  test("[T15] what can't be read is an error", () => {
    expect(() => read("application/json", "{")).toThrow(/not JSON/);
    expect(() => read("image/png", "x")).toThrow(/not read/);
    expect(() => read("text/plain", new Uint8Array([0xff]))).toThrow(/UTF-8/);
  });

  test("headers that let somebody in are not told", () => {
    const { headers } = contentOf({
      body: new Uint8Array(),
      headers: { authorization: "Bearer x", cookie: "a=b", "x-id": "7", "baton-signature": "t=1" },
      query: new URLSearchParams(),
    });
    expect(headers).toEqual({ "x-id": "7" });
  });
});
