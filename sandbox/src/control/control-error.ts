/** A control request that was not understood; the message says why. */
export class ControlError extends Error {
  /** HTTP status: 400 or 404. */
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/** Throws unless every key of the body is known. */
export function onlyKeys(body: Record<string, unknown>, ...known: string[]): void {
  const unknown = Object.keys(body).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw new ControlError(`unknown ${unknown.join(", ")}; known: ${known.join(", ")}`);
  }
}

/** A whole number of the body from 0 to `most`; `absent` when it is not given. */
export function wholeNumber(
  body: Record<string, unknown>,
  name: string,
  most: number,
  absent: number,
): number {
  const value = body[name] ?? absent;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > most) {
    throw new ControlError(`"${name}" must be a whole number from 0 to ${most}`);
  }
  return value;
}
