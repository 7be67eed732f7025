import { BatonError } from "#base/index.ts";

/** The first bytes by which formats are known. Where `offset` is left out they stand at the beginning. */
const signatures: readonly {
  readonly type: string;
  readonly bytes: readonly number[];
  readonly offset?: number;
}[] = [
  { type: "application/pdf", bytes: [0x25, 0x50, 0x44, 0x46, 0x2d] },
  { type: "image/png", bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { type: "image/jpeg", bytes: [0xff, 0xd8, 0xff] },
  { type: "image/gif", bytes: [0x47, 0x49, 0x46, 0x38] },
  { type: "image/webp", bytes: [0x57, 0x45, 0x42, 0x50], offset: 8 },
  { type: "application/zip", bytes: [0x50, 0x4b, 0x03, 0x04] },
  { type: "application/gzip", bytes: [0x1f, 0x8b] },
  { type: "application/x-executable", bytes: [0x7f, 0x45, 0x4c, 0x46] },
];

/** Formats that are zip archives inside. */
const zipped =
  /^application\/(zip|x-zip-compressed|epub\+zip|java-archive|vnd\.openxmlformats-.*|vnd\.oasis\..*)$/;

/** What a file's ending says of it, where the upload declares no type of its own. */
const endings: Readonly<Record<string, string>> = {
  txt: "text/plain",
  log: "text/plain",
  md: "text/markdown",
  csv: "text/csv",
  tsv: "text/tab-separated-values",
  json: "application/json",
  jsonl: "application/x-ndjson",
  ndjson: "application/x-ndjson",
  yaml: "application/yaml",
  yml: "application/yaml",
  xml: "application/xml",
  html: "text/html",
  pdf: "application/pdf",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  zip: "application/zip",
  gz: "application/gzip",
};

const textual =
  /^(text\/.*|application\/(json|x-ndjson|yaml|x-yaml|xml|javascript|sql|x-sh)|.*\+(json|xml|yaml))$/;

/**
 * The media type of an upload. What it declares (or, failing that, what its name's ending says) has to agree with its
 * content, else "bad-input": a PDF has to begin as one, a text has to be UTF-8 without NUL bytes. Types whose form is
 * not known here are taken at their word.
 */
export function mediaTypeOf(name: string, declared: string, content: Uint8Array): string {
  const ending = name.includes(".") ? (name.split(".").at(-1) ?? "").toLowerCase() : "";
  const said = declared.split(";")[0]?.trim().toLowerCase() ?? "";
  const byEnding = endings[ending];
  const claimed = said === "" || said === "application/octet-stream" ? byEnding : said;
  const found = signatures.find(({ bytes, offset = 0 }) =>
    bytes.every((byte, index) => content[offset + index] === byte),
  )?.type;
  for (const claim of new Set([claimed, byEnding])) {
    if (claim !== undefined) check(name, claim, found, content);
  }
  return claimed ?? found ?? (problemAsText(content) === null ? "text/plain" : "application/octet-stream");
}

function check(name: string, claim: string, found: string | undefined, content: Uint8Array): void {
  if (textual.test(claim)) {
    if (found !== undefined) throw contradiction(name, claim, `it begins like ${found}`);
    const problem = problemAsText(content);
    if (problem !== null) throw contradiction(name, claim, problem);
    return;
  }
  const known = zipped.test(claim) ? "application/zip" : signatures.find(({ type }) => type === claim)?.type;
  if (known !== undefined && known !== found) {
    throw contradiction(
      name,
      claim,
      found === undefined ? "it does not begin like one" : `it begins like ${found}`,
    );
  }
}

function problemAsText(content: Uint8Array): string | null {
  const nul = content.indexOf(0);
  if (nul !== -1) return `it has a NUL byte at position ${nul}`;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(content);
    return null;
  } catch {
    return isLatin(content) ? null : "it is not UTF-8 text";
  }
}

/** Old logs and spreadsheets come in one-byte encodings: bytes that are no control characters pass as text. */
function isLatin(content: Uint8Array): boolean {
  return content.every(
    (byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d || byte === 0x1b,
  );
}

function contradiction(name: string, claim: string, reason: string): BatonError {
  return new BatonError("bad-input", `"${name}" is said to be ${claim}, but ${reason}.`, {
    hint: "Choose the right file, or give it the ending that fits what it is.",
  });
}
