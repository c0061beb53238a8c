import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import helmet from "helmet";
import type { Services } from "../services.ts";
import type { Step } from "./in-sequence.ts";
import { permissionsPolicy } from "./permissions-policy.ts";
import { isProgramPath } from "./program-paths.ts";

/** The headers of helmet that responses with data keep; such responses load and show nothing. */
const headersOfData = new Set([
  "Strict-Transport-Security",
  "X-Content-Type-Options",
  "Referrer-Policy",
  "Permissions-Policy",
]);
/** https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers */
const policyOfData = "default-src 'none'; frame-ancestors 'none'";

/**
 * Helmet's headers, computed once: they are the same for every response except for a page's nonce. Link's
 * origins are those of https://plaid.com/docs/link/web/#plaid-link-and-csp.
 */
export function securityHeaders({ config }: Pick<Services, "config">): Step {
  const link = config.plaid.standIn ?? "https://cdn.plaid.com";
  const api = config.plaid.standIn ?? `https://${config.plaid.env}.plaid.com`;
  const headers = new Map<string, string>();
  const into = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: () => {},
  } as unknown as ServerResponse;
  const setHeaders = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'nonce-{}'", link],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'", api],
        "frame-src": [link],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "form-action": ["'self'"],
      },
    },
    strictTransportSecurity: config.production,
    crossOriginEmbedderPolicy: false,
    crossOriginOpenerPolicy: { policy: "same-origin-allow-popups" },
  });
  setHeaders({} as IncomingMessage, into, () => {});
  // `{}` is replaced with the nonce of each response.
  const policy = "Content-Security-Policy";
  const [before, after] = headers.get(policy)?.split("{}") ?? [];
  headers.delete(policy);
  // Helmet does not set it: https://github.com/helmetjs/helmet/issues/234
  headers.set("Permissions-Policy", permissionsPolicy);
  const all = [...headers];
  const data = [
    ...all.filter(([name]) => headersOfData.has(name)),
    [policy, policyOfData] as const,
    ["Cache-Control", "no-store"] as const,
  ];
  return (req, res) => {
    const isData = isProgramPath(req.path);
    for (const [name, value] of isData ? data : all) res.setHeader(name, value);
    if (!isData) {
      const nonce = randomBytes(16).toString("base64");
      res.locals.nonce = nonce;
      res.setHeader(policy, `${before}${nonce}${after}`);
    }
  };
}
