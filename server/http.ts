import { randomBytes, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { constants } from "node:zlib";
import { createRequestHandler } from "@remix-run/express";
import type { ServerBuild } from "@remix-run/node";
import compression from "compression";
import cors from "cors";
import express, { type ErrorRequestHandler, type Request, type RequestHandler } from "express";
import expressStaticGzip from "express-static-gzip";
import helmet from "helmet";
import snakecaseKeys from "snakecase-keys";
import { pendingMigrations } from "../db/migrate.ts";
import { type Context, failureToIdentify } from "./api/context.ts";
import { createEventStreams } from "./api/event-stream.ts";
import { createOpenApi } from "./api/openapi.ts";
import { createPageExports } from "./api/page-exports.ts";
import { createPlaidRouter, createRestRouter } from "./api/rest.ts";
import { createCaller } from "./api/router.ts";
import { toFiscilityError } from "./api/trpc.ts";
import { createTrpcHandler } from "./api/trpc-http.ts";
import { identify } from "./auth/identify.ts";
import { createPageAuth } from "./auth/page-auth.ts";
import { createPageSessions } from "./auth/sessions.ts";
import { findOpenLinkToken } from "./connect/open-link.ts";
import { type ErrorBody, FiscilityError, type Reason, reasons } from "./contracts/errors.ts";
import type { LoadContext } from "./load-context.ts";
import { permissionsPolicy } from "./permissions-policy.ts";
import { createReadiness } from "./readiness.ts";
import { limitHead, refuseOtherBodies } from "./request-limits.ts";
import { routeTemplates } from "./route-template.ts";
import type { Services } from "./services.ts";
import { receiveWebhook } from "./sync/receive-webhook.ts";
import { spans } from "./telemetry/spans.ts";

/** Bytes of a request body; Link's metadata for a hundred accounts is a fifth of it. */
const maxBody = 100_000;
const clientFolder = path.join(import.meta.dirname, "../build/client");

/** What a request is known by from its first middleware on; a page by its nonce, too. */
interface Known {
  requestId: string;
  nonce: string;
  context?: Promise<Context>;
}
const known = (req: Request) => req.res?.locals as Known;

/** The whole HTTP face: health, better-auth, REST, tRPC, static files and Remix, in this order. */
export function createHttp(
  services: Services,
  build: ServerBuild,
  stopping: AbortSignal,
): express.Express {
  const { config, auth, log } = services;
  const app = express();
  app.disable("x-powered-by");
  app.set("trust proxy", config.production ? 1 : false);
  // The default parses `a[b][c]` into objects: nothing here takes any in a query.
  app.set("query parser", "simple");
  const templateOf = routeTemplates(build);
  app.use(nameRequest, securityHeaders(services), setOwnHost(config), traceRequest(templateOf));
  app.use(logRequest(services, templateOf), limitHead, refuseBrokenPath);
  const createContext = (req: Request): Promise<Context> => {
    const own = known(req);
    // Once a request: the page's own caller, tRPC and REST see the same person.
    own.context ??= identify(services, req.headers, callsOf(req), (name, value) =>
      req.res?.setHeader(name, value),
    ).then((asking) => ({
      ...asking,
      services,
      requestId: own.requestId,
      onClose: (call) => void (req.res?.closed ? call() : req.res?.once("close", call)),
      log: log.child({ requestId: own.requestId, apiKeyId: asking.apiKey?.id }),
    }));
    return own.context;
  };

  const onError = (req: Request, error: unknown, name: string | undefined) =>
    logFailure(services, req, error, name);
  app.use(["/trpc", "/api/v1", "/api/openapi.json"], allowOtherSites);
  app.use(refuseForeignOrigin(config));
  // Before what other answers need: each open stream would keep its part of it in memory.
  app.use("/trpc", createEventStreams(createContext, onError));
  // Each part of a page that is streamed leaves when it is written, not when a buffer is full.
  const compress = compression({ flush: constants.Z_SYNC_FLUSH });
  app.use(
    "/trpc",
    limitBody,
    refuseOtherBodies,
    createTrpcHandler(createContext, onError, compress, {
      maxBodySize: maxBody,
      maxBatchSize: 100,
    }),
  );
  app.use(compress);

  app.get("/healthz", (_req, res) => void res.json({ status: "ok", app: "fiscility" }));
  const readiness = createReadiness(() => pendingMigrations(services.db as never), stopping);
  app.get("/readyz", async (_req, res) => {
    const status = await readiness();
    res.status(status === "ok" ? 200 : 503).json({ status });
  });

  const text = express.text({ type: () => true, limit: maxBody, inflate: false });
  // What programs log in with; everything else better-auth offers is reached by the pages alone.
  app.use("/api/auth", limitBody, text, (req, res, next) => {
    if (!/^\/(sign-in\/email|sign-up\/email|sign-out)$/.test(req.path)) return next();
    // As we see it, and not as the client says it is.
    req.headers["x-forwarded-for"] = req.ip;
    Promise.resolve(auth.handler(req, res, next)).catch(next);
  });
  app.post("/plaid/webhook", rawBody, (req, res, next) => {
    const signature = req.get("plaid-verification");
    const bytes = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
    const delivery = { signature, bytes, address: req.ip ?? "" };
    receiveWebhook(services, delivery, log).then(() => res.json({}), next);
  });
  app.use("/plaid", createPlaidRouter(createContext, maxBody));
  app.use("/api/v1", createRestRouter(createContext, maxBody));
  const openApi = createOpenApi(config.appUrl);
  app.get("/api/openapi.json", (_req, res) => void res.json(openApi));
  // The one page below /api.
  const isDocs = (req: Request) => /^\/api\/docs(\.data)?$/.test(req.baseUrl + req.path);
  app.use(["/api", "/plaid"], (req, _res, next) =>
    next(isDocs(req) ? undefined : new FiscilityError("not_found")),
  );

  app.use("/assets", serveBuilt("assets", { immutable: true, maxAge: "1y" }));
  app.use(serveBuilt("", { maxAge: "1h" }));
  app.all(
    "*",
    limitBody,
    createRequestHandler({
      build,
      mode: "production",
      getLoadContext: async (req, res): Promise<LoadContext> => {
        const context = await createContext(req);
        // Pages are for people: a key shows none.
        const user = context.apiKey ? null : context.user;
        const report = (error: unknown) => logFailure(services, req, error, req.path);
        const failure = failureToIdentify(context);
        if (failure) report(failure);
        return {
          caller: createCaller(context),
          get viewer() {
            if (!failure) return user && { id: user.id, name: user.name, email: user.email };
            throw new globalThis.Response(null, { status: reasons[failure.reason].status });
          },
          userId: user?.id ?? null,
          dataVersion: user?.dataVersion ?? 0,
          auth: createPageAuth(
            auth,
            config.appUrl,
            {
              cookie: req.headers.cookie,
              address: req.ip,
              userAgent: req.headers["user-agent"],
              userId: user?.id,
            },
            context,
            report,
          ),
          sessions: createPageSessions(context),
          link: {
            ...linkSource(config.plaid.standIn),
            findOpen: async () => user && findOpenLinkToken(services, user),
          },
          exports: createPageExports(context, res),
          report,
          secure: config.production,
          openApi,
          nonce: known(req).nonce,
        };
      },
    }) as RequestHandler,
  );
  app.use(answerError(services));
  return app;
}

/** What the build made for browsers, as it compressed it, for as long as `maxAge` says. */
const serveBuilt = (folder: string, serveStatic: { maxAge: string; immutable?: true }) =>
  expressStaticGzip(path.join(clientFolder, folder), {
    enableBrotli: true,
    orderPreference: ["br"],
    index: false,
    serveStatic,
  });

function linkSource(standIn: string | undefined) {
  const script = "/link/v2/stable/link-initialize.js";
  return {
    scriptUrl: `${standIn ?? "https://cdn.plaid.com"}${script}`,
    local: standIn !== undefined,
  };
}

/** Procedures that a request asks for: a batch names them all in its path. */
const callsOf = (req: Request) => (req.baseUrl === "/trpc" ? req.path.split(/,|%2c/i).length : 1);

/**
 * Programs in other sites' pages may use the API, with a key: no cookie is ever accepted from there,
 * as the answer allows no credentials.
 */
const allowOtherSites = cors({
  origin: "*",
  methods: ["GET", "POST", "DELETE"],
  allowedHeaders: ["authorization", "content-type", "last-event-id", "trpc-accept"],
  exposedHeaders: ["ratelimit", "ratelimit-policy", "retry-after", "x-request-id"],
  maxAge: 600,
});

const nameRequest: RequestHandler = (_req, res, next) => {
  res.locals.requestId = randomUUID();
  res.setHeader("x-request-id", res.locals.requestId);
  next();
};

/** Where we are is in the configuration: a Host that a client makes up, or a broken one, names nothing. */
function setOwnHost({ appUrl }: { appUrl: string }): RequestHandler {
  const { host } = new URL(appUrl);
  return (req, _res, next) => {
    req.headers.host = host;
    delete req.headers["x-forwarded-host"];
    next();
  };
}

/** A percent sign without two digits, or bytes that are no text: an address of nothing. */
const refuseBrokenPath: RequestHandler = (req, _res, next) => {
  // Fetch, which Remix and tRPC speak, has no request of this method.
  if (req.method === "TRACE") return next(new FiscilityError("method_not_allowed"));
  try {
    decodeURIComponent(req.path);
    next();
  } catch {
    next(new FiscilityError("not_found"));
  }
};

/** The span that everything of a request is below; it lasts until the answer has left. */
function traceRequest(templateOf: (req: Request) => string): RequestHandler {
  return (req, res, next) => {
    spans.inSpan(`${req.method}`, {}, async (span) => {
      const closed = new Promise((resolve) => res.once("close", resolve));
      next();
      await closed;
      const route = templateOf(req);
      const { requestId } = res.locals;
      span.rename(`${req.method} ${route}`);
      span.tell({
        "http.request.method": req.method,
        "http.route": route,
        "http.response.status_code": res.statusCode,
        "fiscility.request_id": requestId,
      });
      if (res.statusCode >= 500) span.fail(String(res.statusCode));
    });
  };
}

function logRequest({ log }: Services, templateOf: (req: Request) => string): RequestHandler {
  return (req, res, next) => {
    const started = performance.now();
    res.on("finish", () => {
      // The path without its query: an OAuth return or a form may carry more than a log should.
      log.info(
        {
          event: "request",
          requestId: res.locals.requestId,
          method: req.method,
          path: req.originalUrl.split("?")[0],
          route: templateOf(req),
          status: res.statusCode,
          ms: Math.round(performance.now() - started),
        },
        "Request",
      );
    });
    next();
  };
}

/** Where programs call: each of these asks `identify`, and nothing else, who is there. */
const programs = /^\/(trpc|plaid|api\/v1)\//;

/** What stays of helmet's headers where the answer is data, which loads and shows nothing. */
const headersOfData = new Set([
  "Strict-Transport-Security",
  "X-Content-Type-Options",
  "Referrer-Policy",
  "Permissions-Policy",
]);
/** https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers */
const policyOfData = "default-src 'none'; frame-ancestors 'none'";

/**
 * Helmet's headers, asked for once: but for a page's nonce they are the same for every answer. Link's
 * origins are what https://plaid.com/docs/link/web/#plaid-link-and-csp asks for.
 */
function securityHeaders({ config }: Services): RequestHandler {
  const link = config.plaid.standIn ?? "https://cdn.plaid.com";
  const api = config.plaid.standIn ?? `https://${config.plaid.env}.plaid.com`;
  const headers = new Map<string, string>();
  const into = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: () => {},
  } as unknown as ServerResponse;
  const ask = helmet({
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
  ask({} as IncomingMessage, into, () => {});
  // Where `{}` stands in it, the nonce of each answer does.
  const policy = "Content-Security-Policy";
  const [before, after] = headers.get(policy)?.split("{}") ?? [];
  headers.delete(policy);
  // Helmet has none: https://github.com/helmetjs/helmet/issues/234
  headers.set("Permissions-Policy", permissionsPolicy);
  const all = [...headers];
  const data = [
    ...all.filter(([name]) => headersOfData.has(name)),
    [policy, policyOfData] as const,
    ["Cache-Control", "no-store"] as const,
  ];
  return (req, res, next) => {
    const isData = programs.test(req.path);
    for (const [name, value] of isData ? data : all) res.setHeader(name, value);
    if (!isData) {
      const nonce = randomBytes(16).toString("base64");
      res.locals.nonce = nonce;
      res.setHeader(policy, `${before}${nonce}${after}`);
    }
    next();
  };
}

/**
 * A browser names where a request comes from; other clients send no Origin and have no cookie to
 * steal. Neither has a request with an Authorization header: it is never answered by its cookie.
 */
function refuseForeignOrigin(config: { appUrl: string }): RequestHandler {
  return (req, _res, next) => {
    const { origin, authorization } = req.headers;
    const safe = req.method === "GET" || req.method === "HEAD" || req.method === "OPTIONS";
    const byKey = authorization !== undefined && programs.test(req.path);
    if (safe || byKey || origin === undefined || origin === config.appUrl) next();
    else next(new FiscilityError("foreign_origin"));
  };
}

/** A signature is over the very bytes that were sent. */
const rawBody = express.raw({ type: () => true, limit: maxBody, inflate: false });

/** Before what reads to the end whatever comes: a body that does not say its size could be any. */
const limitBody: RequestHandler = (req, _res, next) => {
  const endless = req.headers["transfer-encoding"] !== undefined;
  if (endless || Number(req.headers["content-length"] ?? 0) > maxBody)
    next(new FiscilityError("body_too_large"));
  else next();
};

/** body-parser's own errors: https://github.com/expressjs/body-parser#errors */
const parserReasons: Record<string, Reason> = {
  "entity.parse.failed": "invalid_json",
  "entity.too.large": "body_too_large",
  "encoding.unsupported": "unsupported_media_type",
  "charset.unsupported": "unsupported_media_type",
};

function answerError(services: Services): ErrorRequestHandler {
  return (error, req, res, next) => {
    if (res.headersSent) {
      logFailure(services, req, error, req.path);
      return next(error);
    }
    const parserReason = parserReasons[error?.type as string];
    const refusal = parserReason ? new FiscilityError(parserReason) : error;
    const { reason, message, details } = logFailure(services, req, refusal, req.path);
    const { requestId } = known(req);
    const rest = /^\/(plaid|api\/v1)\//.test(req.originalUrl);
    const given = rest && details ? snakecaseKeys(details) : details;
    const body: ErrorBody = { error: { reason, message, requestId, details: given } };
    if (details && "retryAfterSeconds" in details) {
      res.setHeader("Retry-After", details.retryAfterSeconds);
    }
    // The flow's specification has its own name for the request's id below /plaid.
    const snake = req.originalUrl.startsWith("/api/v1");
    res.status(reasons[reason].status).json(snake ? snakecaseKeys({ ...body }) : body);
  };
}

/** One line a failed call, with Plaid's own words. Returns the reason, whose sentence the person gets. */
function logFailure(
  { log }: Services,
  req: Request,
  error: unknown,
  name: string | undefined,
): FiscilityError {
  const failure = toFiscilityError(error);
  // It never arrived whole, so nothing was done; whatever then failed is no failure of ours.
  if (req.destroyed && !req.complete) {
    log.debug({ event: "request_cut", requestId: known(req).requestId, name }, "Request cut off");
    return failure;
  }
  const cause = failure.cause instanceof Error ? failure.cause : undefined;
  log[reasons[failure.reason].status >= 500 ? "error" : "info"](
    {
      event: "refused",
      requestId: known(req).requestId,
      name,
      reason: failure.reason,
      plaid: failure.plaid,
      cause: failure.reason === "internal" ? cause?.stack : cause?.message,
    },
    "Refused",
  );
  return failure;
}
