import { type Logger, pino } from "pino";

export type Log = Logger;

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
  destination: { write(line: string): unknown } = process.stdout,
): Log {
  return pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ["*.password", "*.cookie", "*.authorization", "req.headers"],
    },
    {
      write: (line) =>
        destination.write(
          line.replace(tokenPattern, "$1-$2-[redacted]").replace(apiKeyPattern, "$1_[redacted]"),
        ),
    },
  );
}
