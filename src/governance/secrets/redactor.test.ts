import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactedMark, redactor, shortestSecret } from "./redactor.ts";

describe("redactor", () => {
  it("blanks a value wherever it stands", () => {
    const { text } = redactor(["sk-abcdef"]);
    expect(text("key=sk-abcdef;again sk-abcdef.")).toBe(`key=${redactedMark};again ${redactedMark}.`);
  });

  it("takes the longest value first", () => {
    const { text } = redactor(["secret", "secret-and-more"]);
    expect(text("a secret-and-more b secret c")).toBe(`a ${redactedMark} b ${redactedMark} c`);
  });

  it("blanks values that overlap", () => {
    const { text } = redactor(["abcdef", "defghi"]);
    expect(text("x abcdefghi y")).toBe(`x ${redactedMark} y`);
  });

  it("leaves values alone that are too short to be told from words", () => {
    expect(redactor(["a".repeat(shortestSecret - 1)]).text("aaaaa aaaaa")).toBe("aaaaa aaaaa");
  });

  it("redacts members and their names, and the spelling inside JSON text", () => {
    const value = 'pass"word\\1';
    const clean = redactor([value]).json({ list: [value], [value]: 1, body: JSON.stringify({ value }) });
    expect(JSON.stringify(clean)).not.toContain("word");
  });

  it("holds back what may still become a value, and no more", () => {
    const stream = redactor(["hunter22"]).stream();
    expect(stream.push("it is hun")).toBe("it is ");
    expect(stream.push("gry")).toBe("hungry");
    expect(stream.push(" hunter2")).toBe(" ");
    expect(stream.push("2!")).toBe(`${redactedMark}!`);
    expect(stream.push("hunt")).toBe("");
    expect(stream.end()).toBe("hunt");
  });

  it("yields the same for every way of cutting a text into pieces, and never a value", () => {
    const letter = fc.constantFrom("a", "b", "c");
    const word = fc.string({ unit: letter, minLength: shortestSecret, maxLength: 9 });
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 3 }),
        fc.array(fc.oneof(fc.string({ unit: letter, maxLength: 6 }), word), { maxLength: 8 }),
        fc.array(fc.nat({ max: 7 }), { maxLength: 40 }),
        fc.nat(),
        (values, parts, cuts, where) => {
          const value = values[where % values.length] ?? "";
          const text = [...parts.slice(0, 3), value, ...parts.slice(3)].join("");
          const subject = redactor(values);
          const stream = subject.stream();
          let out = "";
          let rest = text;
          for (const cut of cuts) {
            out += stream.push(rest.slice(0, cut));
            rest = rest.slice(cut);
          }
          out += stream.push(rest) + stream.end();
          expect(out).toBe(subject.text(text));
          for (const each of values) expect(out).not.toContain(each);
          expect(out.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
