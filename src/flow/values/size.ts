import { BatonError } from "#base/index.ts";

const factors: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
};

/** Bytes of `10MB`, `500 kB`, `1GiB`. Undefined when the text is not a size. */
export function readSize(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?) ?([KMG]?i?B)$/i.exec(text.trim());
  const factor = factors[(found?.[2] ?? "").toUpperCase()];
  return found && factor !== undefined ? Math.round(Number(found[1]) * factor) : undefined;
}

/** Like {@link readSize}; throws "bad-input" when the text is not a size. */
export function parseSize(text: string): number {
  const read = readSize(text);
  if (read === undefined) {
    throw new BatonError("bad-input", `"${text.slice(0, 40)}" is not a size.`, {
      hint: "Write a number with B, kB, MB, GB, KiB, MiB or GiB, e.g. 10MB.",
    });
  }
  return read;
}
