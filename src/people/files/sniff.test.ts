import { describe, expect, it } from "vitest";
import { mediaTypeOf } from "./sniff.ts";

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]);

describe("the type of an upload", () => {
  it.each([
    ["auth.log", "", text("Dec 10 06:55:46 LabSZ sshd"), "text/plain"],
    ["auth.log", "application/octet-stream", text("Dec 10"), "text/plain"],
    ["a.csv", "text/csv; charset=utf-8", text("a,b"), "text/csv"],
    ["notes", "", text("plain"), "text/plain"],
    ["picture", "", png, "image/png"],
    ["picture.png", "image/png", png, "image/png"],
    [
      "sheet.xlsx",
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      Uint8Array.from([0x50, 0x4b, 3, 4]),
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ],
    ["old.txt", "text/plain", Uint8Array.from([0x63, 0x61, 0x66, 0xe9]), "text/plain"],
  ])("%s (%s)", (name, declared, content, expected) => {
    expect(mediaTypeOf(name, declared, content)).toBe(expected);
  });

  it.each([
    ["report.pdf", "application/pdf", text("<html>"), "does not begin like one"],
    ["report.pdf", "application/pdf", png, "begins like image/png"],
    ["notes.txt", "text/plain", png, "begins like image/png"],
    ["notes.txt", "text/plain", Uint8Array.from([0x61, 0, 0x62]), "NUL byte at position 1"],
    ["data.json", "application/json", Uint8Array.from([0xff, 0x01, 0x02]), "not UTF-8"],
    ["picture.png", "text/plain", text("hello"), "said to be image/png"],
    ["run.txt", "text/plain", Uint8Array.from([0x7f, 0x45, 0x4c, 0x46]), "x-executable"],
  ])("%s as %s is refused", (name, declared, content, reason) => {
    expect(() => mediaTypeOf(name, declared, content)).toThrow(reason);
  });
});
