import type { IncomingMessage, ServerResponse } from "node:http";
import busboy from "busboy";
import { BatonError } from "#base/index.ts";
import { authorize, filePolicy } from "#governance/index.ts";
import { saveFile } from "#people/index.ts";
import type { ApiDeps } from "../deps.ts";
import type { UploadedFile } from "../views.ts";
import { answerError, answerJson, scopeOfRequest } from "./answer.ts";

type Received = { name: string; mediaType: string; content: Buffer };

/** Room that the form takes around the file, in bytes. */
const envelope = 64 * 1024;

/**
 * Serves `POST /api/files`: one file as multipart form data, answered as an `UploadedFile`. Too large a file is
 * refused with 413 as soon as that is known; what still comes of it is dropped.
 */
export function createUploadHandler(
  deps: ApiDeps,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    try {
      if (request.method !== "POST") throw new BatonError("bad-input", "Files are sent by POST.");
      const scope = await scopeOfRequest(deps, request);
      authorize(scope, filePolicy.upload);
      const announced = Number(request.headers["content-length"] ?? 0);
      if (announced > deps.maxUpload + envelope) throw tooLarge(deps.maxUpload, announced);
      const file: UploadedFile = await saveFile(deps.db, scope, await receive(request, deps.maxUpload));
      answerJson(response, 200, file);
    } catch (error) {
      // Read on and drop it: a browser that is still sending would see a broken line in the place of our answer.
      request.unpipe();
      request.resume();
      answerError(response, error);
    }
  };
}

function receive(request: IncomingMessage, most: number): Promise<Received> {
  return new Promise((resolve, reject) => {
    let form: busboy.Busboy;
    try {
      form = busboy({
        headers: request.headers,
        defParamCharset: "utf8",
        limits: { files: 1, fileSize: most, fields: 10, fieldSize: 10_000 },
      });
    } catch {
      reject(notAForm());
      return;
    }
    let found: Received | null = null;
    form.on("file", (_field, stream, info) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("limit", () => {
        chunks.length = 0;
        reject(tooLarge(most, null));
      });
      stream.on("end", () => {
        if (stream.truncated === true) return;
        found = { name: info.filename ?? "file", mediaType: info.mimeType, content: Buffer.concat(chunks) };
      });
    });
    form.on("close", () => {
      if (found === null) reject(notAForm());
      else resolve(found);
    });
    form.on("error", () => reject(notAForm()));
    request.on("aborted", () => reject(new BatonError("cancelled", "The upload was broken off.")));
    request.pipe(form);
  });
}

function tooLarge(most: number, announced: number | null): BatonError {
  const size = announced === null ? "" : ` This one has ${megabytes(announced)}.`;
  return new BatonError("too-large", `A file may have at most ${megabytes(most)}.${size}`, {
    hint: "Send a smaller part of it, or ask an admin to raise BATON_MAX_UPLOAD.",
    details: { maxBytes: most },
  });
}

function megabytes(bytes: number): string {
  return `${Math.round((bytes / 1024 / 1024) * 10) / 10} MB`;
}

function notAForm(): BatonError {
  return new BatonError("bad-input", "The request holds no file.", {
    hint: 'Send one as multipart form data, in the field "file".',
  });
}
