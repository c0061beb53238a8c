import { type Logger, levels, pino } from "pino";

export type Log = Logger;

/** Where finished lines are written. */
export interface LogDestination {
  write(line: string): unknown;
}

/** Called with the fields of every line, also of lines below the level, which are not written. */
export type ObserveLine = (fields: Record<string, unknown>) => void;

/** Plaid's tokens, anywhere in a line: a safety net behind `Secret`. */
const tokenPattern = /\b(access|public|link)-(sandbox|production|development)-[A-Za-z0-9-]+/g;
/** Our own API keys: the id may be logged, the secret must not. */
const apiKeyPattern = /\b(fsk_[0-9a-f]{16})_[0-9a-f]+/g;

/**
 * Creates a logger of JSON lines on `destination` (default: stdout). Anything shaped like a Plaid token or an
 * API key is redacted from the finished line, whatever field or message contains it.
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
              // A failure to count must not fail the caller.
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
