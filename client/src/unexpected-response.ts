import { clientFailure, type FiscilityError } from "./fiscility-error.ts";

/**
 * Returns `unreachable`, with a hint for Node's error code. Browsers do not reveal the cause.
 * @see https://nodejs.org/api/errors.html#nodejs-error-codes
 */
export function unreachable(url: string, cause?: unknown): FiscilityError {
  const code = codeOf(cause);
  const { host, hostname } = new URL(url);
  const isTls = /CERT|SELF_SIGNED|UNABLE_TO_/.test(code);
  const isPlain = /ERR_SSL|EPROTO/.test(code);
  const hint = isTls
    ? `The certificate of ${host} is not trusted (${code}). For an authority of your own set NODE_EXTRA_CA_CERTS.`
    : isPlain
      ? `${host} does not speak https. Check the port, or use http:// on this machine.`
      : code === "ENOTFOUND"
        ? `There is no host named ${hostname}. Check the baseUrl.`
        : code === "ECONNREFUSED"
          ? `Nothing listens at ${host}. Is the server running, and the port right?`
          : "Check the baseUrl and the network.";
  const message = `Fiscility could not be reached at ${url}. ${hint}`;
  const retryable = !isTls && !isPlain;
  return clientFailure("unreachable", { url }, { message, cause, retryable });
}

/** fetch wraps the cause, for several addresses of one host in an AggregateError. */
function codeOf(cause: unknown): string {
  for (let inner = cause, depth = 0; inner && depth < 4; depth++) {
    const { code, cause: next } = inner as { code?: unknown; cause?: unknown };
    if (typeof code === "string") return code;
    inner = next;
  }
  return "";
}

/** The response is not from this API. A gateway's 502, 503 and 504 are retryable. */
export function unexpectedResponse(
  response: Response,
  url: string,
  cause?: unknown,
): FiscilityError {
  const { status } = response;
  const contentType = response.headers.get("content-type") ?? "";
  const from = response.url || url;
  const retryable = status >= 502 && status <= 504;
  const hint = isElsewhere(response, url)
    ? `The request was redirected from ${new URL(url).origin}, and a redirect loses the API key. Use the address that it leads to.`
    : retryable
      ? "A gateway responded for Fiscility, which is unavailable."
      : status === 401 || status === 403
        ? "A proxy asks for a log-in of its own."
        : "Check the baseUrl: where the app opens, without the path of a page.";
  const message = `Something other than Fiscility's API responded at ${from}: ${status} ${contentType || "without a content type"}. ${hint}`;
  return clientFailure(
    "unexpected_response",
    { url: from, status, contentType },
    { message, retryable, cause },
  );
}

/** Whether a redirect led to another origin, where fetch sends no Authorization header. */
export function isElsewhere(response: Response, url: string): boolean {
  return response.redirected && new URL(response.url).origin !== new URL(url).origin;
}
