/** One message of a server-sent event stream. `id` is the last id seen so far, as the standard says. */
export type SseMessage = { readonly id: string; readonly data: string };

/**
 * A parser of server-sent events that is fed text as it arrives, cut anywhere. Answers the messages that the piece
 * completed. Comments and fields other than `data` and `id` are ignored.
 */
export function sseParser(): (piece: string) => SseMessage[] {
  let buffer = "";
  let id = "";
  let data: string[] = [];
  return (piece) => {
    buffer += piece;
    const messages: SseMessage[] = [];
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(buffer);
      if (end === null) return messages;
      const line = buffer.slice(0, end.index);
      buffer = buffer.slice(end.index + end[0].length);
      if (line === "") {
        if (data.length > 0) messages.push({ id, data: data.join("\n") });
        data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") data.push(value);
      else if (field === "id") id = value;
    }
  };
}
