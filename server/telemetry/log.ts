import { type Logger, levels, pino } from "pino";

export type Log = Logger;

/** Where finished lines go. */
export interface LogDestination {
  write(line: string): unknown;
}

/** Told the fields of every line, also of those that are below the level and not written. */
export type ObserveLine = (fields: Record<string, unknown>) => void;

/** Tokens as Plaid writes them, wherever they stand in a line: a last net under `Secret`. */
const tokenPattern = /\b(access|public|link)-(sandbox|production|development)-[A-Za-z0-9-]+/g;
/** Our own API keys: the id may be read, the secret may not. */
const apiKeyPattern = /\b(fsk_[0-9a-f]{16})_[0-9a-f]+/g;

/**
 * JSON lines on `destination` (stdout unless given). Anything shaped like a Plaid token or an API key is cut out
 * of the finished line, whatever field or message carried it.
 */
export function createLog(
  level: string,
  destination: LogDestination = process.stdout,
  observe?: ObserveLine,
): Log {
  const written = levels.values[level] ?? Number.POSITIVE_INFINITY;
  return pino(
    {
      level: observe ? "debug" : level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ["*.password", "*.cookie", "*.authorization", "req.headers"],
      ...(observe && {
        hooks: {
          logMethod(args, method, number) {
            const [fields] = args as unknown[];
            if (number >= written) method.apply(this, args);
            if (typeof fields !== "object") return;
            try {
              observe(fields as Record<string, unknown>);
            } catch (error) {
              // What is only counted fails nobody who logs.
              method.call(this, { event: "not_observed", cause: (error as Error).message }, "Log");
            }
          },
        },
      }),
    },
    {
      write: (line) =>
        destination.write(
          line.replace(tokenPattern, "$1-$2-[redacted]").replace(apiKeyPattern, "$1_[redacted]"),
        ),
    },
  );
}
