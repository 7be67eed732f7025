import pino from "pino";

/**
 * The log: one JSON object a line on standard error, so that standard output stays free for what people read. Level
 * by BATON_LOG_LEVEL. Values are never secrets; the names below are struck out all the same.
 */
export const log = pino(
  {
    level: process.env["BATON_LOG_LEVEL"] ?? "info",
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        "password",
        "*.password",
        "key",
        "*.key",
        "token",
        "*.token",
        "authorization",
        "*.authorization",
        "cookie",
        "*.cookie",
      ],
      censor: "(hidden)",
    },
  },
  pino.destination({ dest: 2, sync: true }),
);
