import { BatonError } from "#base/index.ts";

/**
 * The text of a file: UTF-8, or UTF-16 with its byte order mark. Throws "bad-input" that says what the content is
 * instead: binary data of a known kind, or text in another encoding and where that shows.
 */
export function decodeText(name: string, content: Uint8Array): string {
  const mark = content.slice(0, 3);
  if (mark[0] === 0xff && mark[1] === 0xfe) return new TextDecoder("utf-16le").decode(content);
  if (mark[0] === 0xfe && mark[1] === 0xff) return new TextDecoder("utf-16be").decode(content);
  const kind = binaryKind(content);
  if (kind !== null) {
    throw new BatonError("bad-input", `${name} is not text: ${kind}.`, {
      hint: "Give a text file: a log, CSV, JSON or JSON lines.",
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (cause) {
    const line = firstBadLine(content);
    throw new BatonError(
      "bad-input",
      `${name} is not UTF-8 text: line ${line} holds bytes of another encoding.`,
      {
        hint: "Convert it first, for example with iconv -f latin1 -t utf-8.",
        cause,
      },
    );
  }
}

const signatures: readonly (readonly [string, readonly number[]])[] = [
  ["it is a PDF document", [0x25, 0x50, 0x44, 0x46]],
  ["it is a ZIP archive, or an Office document", [0x50, 0x4b, 0x03, 0x04]],
  ["it is compressed with gzip", [0x1f, 0x8b]],
  ["it is compressed with bzip2", [0x42, 0x5a, 0x68]],
  ["it is compressed with xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["it is compressed with Zstandard", [0x28, 0xb5, 0x2f, 0xfd]],
  ["it is a PNG image", [0x89, 0x50, 0x4e, 0x47]],
  ["it is a JPEG image", [0xff, 0xd8, 0xff]],
  ["it is a GIF image", [0x47, 0x49, 0x46, 0x38]],
  ["it is a program", [0x7f, 0x45, 0x4c, 0x46]],
  ["it is a Parquet file", [0x50, 0x41, 0x52, 0x31]],
];

function binaryKind(content: Uint8Array): string | null {
  for (const [kind, bytes] of signatures) if (bytes.every((byte, at) => content[at] === byte)) return kind;
  return content.includes(0) ? "it holds zero bytes, as binary files do" : null;
}

function firstBadLine(content: Uint8Array): number {
  let line = 1;
  for (let start = 0; start <= content.length; line += 1) {
    const feed = content.indexOf(10, start);
    const end = feed < 0 ? content.length : feed;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(content.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
  return line;
}
