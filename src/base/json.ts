/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A value too large for an event: content-addressed by SHA-256 (hex), with the first characters of its
 * JSON text as a preview. Stands where the value would stand.
 */
export type BlobRef = {
  readonly $blob: { readonly hash: string; readonly bytes: number; readonly preview: string };
};

/** A file given to a run. `bytes` is its size; the content is read through `files.*` tools only. */
export type FileRef = {
  readonly $file: {
    readonly id: string;
    readonly name: string;
    readonly mediaType: string;
    readonly bytes: number;
    readonly hash: string;
  };
};

/** A secret by name: resolved at the tool boundary, never stored by value. */
export type SecretRef = { readonly $secret: string };

export function isBlobRef(value: unknown): value is BlobRef {
  if (!isObject(value) || !isObject(value["$blob"])) return false;
  const { hash, bytes, preview } = value["$blob"];
  return typeof hash === "string" && typeof bytes === "number" && typeof preview === "string";
}
export function isFileRef(value: unknown): value is FileRef {
  return isObject(value) && isObject(value["$file"]);
}
