import { readdirSync } from "node:fs";
import path from "node:path";
import { constants } from "node:zlib";
import { createRequestHandler } from "@remix-run/express";
import type { ServerBuild } from "@remix-run/node";
import compression from "compression";
import express, { type Request, type RequestHandler } from "express";
import expressStaticGzip from "express-static-gzip";
import { pendingMigrations } from "../../db/migrate.ts";
import type { Context } from "../api/context.ts";
import { createOpenApi } from "../api/contract/openapi.ts";
import { createEventStreams } from "../api/transport/event-stream.ts";
import { createPlaidRouter, createRestRouter } from "../api/transport/rest.ts";
import { createSender } from "../api/transport/sender.ts";
import { createTrpcHandler } from "../api/transport/trpc-http.ts";
import { logInBusy } from "../auth/passwords.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import { receiveWebhook } from "../webhooks/receive-webhook.ts";
import { sendError } from "./errors.ts";
import { inSequence } from "./in-sequence.ts";
import { serveLogos } from "./logos.ts";
import { allowOtherSites, refuseForeignOrigin, setOwnHost } from "./origins.ts";
import { createPageContext } from "./page-context.ts";
import { createReadiness } from "./readiness.ts";
import { createContextReader } from "./request-context.ts";
import {
  limitBody,
  limitHead,
  maxBody,
  readJsonAsText,
  readText,
  refuseBrokenPath,
} from "./request-limits.ts";
import { logFailure, logRequest, nameRequest, traceRequest } from "./request-log.ts";
import { routeTemplates } from "./route-template.ts";
import { securityHeaders } from "./security-headers.ts";

const clientFolder = path.join(import.meta.dirname, "../../build/client");

/**
 * Builds the Express app. The order of its middleware matters: every request gets an id, limits and a log
 * line first. Then come tRPC, REST, webhooks, health and better-auth; static files and pages are last.
 */
export function createHttp(
  services: Services,
  build: ServerBuild,
  state: { stopping: AbortSignal; isPrepared: () => boolean },
): express.Express {
  const { config, auth, log } = services;
  const app = express();
  app.disable("x-powered-by");
  app.set("trust proxy", config.production ? 1 : false);
  // The default parses `a[b][c]` into objects, which no query here uses.
  app.set("query parser", "simple");
  const templateOf = routeTemplates(build);
  if (config.tracesTo) app.use(traceRequest(templateOf));
  app.use(
    inSequence(
      nameRequest,
      securityHeaders(services),
      setOwnHost(config),
      logRequest(services, templateOf),
      limitHead,
      refuseBrokenPath,
    ),
  );

  const createContext = createContextReader(services);
  const onError = (req: Request, error: unknown, name: string | undefined) =>
    logFailure(services, req, error, name);
  // Without paths, because Express parses the URL again for each path that a layer is mounted at.
  app.use(allowOtherSites, inSequence(refuseForeignOrigin(config)));
  const jsonBody = readJsonAsText(createContext);
  // Each part of a streamed page is sent when it is written, not when a buffer is full.
  const compress = compression({ flush: constants.Z_SYNC_FLUSH });
  const sendWhole = createSender(compress);
  const limits = { maxBodySize: maxBody, maxBatchSize: 100 };
  const trpc = createTrpcHandler(createContext, onError, sendWhole, limits);
  app.use(
    "/trpc",
    express.Router().use(createEventStreams(createContext, onError), jsonBody, trpc),
  );
  app.use("/api/v1", express.Router().use(jsonBody, createRestRouter(createContext, sendWhole)));
  app.post("/plaid/webhook", rawBody, (req, res, next) => {
    const signature = req.get("plaid-verification");
    const bytes = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
    const delivery = { signature, bytes, address: req.ip ?? "" };
    receiveWebhook(services, delivery, log).then(() => res.json({}), next);
  });
  app.use("/plaid", express.Router().use(jsonBody, createPlaidRouter(createContext, sendWhole)));
  // After the API, where each open stream would keep a compressor in memory.
  app.use(compress);

  /** The release of the pages, which open tabs compare with their own. */
  const release = build.assets.version;
  app.get("/healthz", (_req, res) => void res.json({ status: "ok", app: "fiscility", release }));
  const readiness = createReadiness(() => pendingMigrations(services.db as never), state);
  app.get("/readyz", async (_req, res) => {
    const status = await readiness();
    res.status(status === "ok" ? 200 : 503).json({ status });
  });

  // The log-in for programs. Only pages reach the rest of better-auth.
  app.use("/api/auth", inSequence(limitBody), readText, (req, res, next) => {
    if (!served.test(req.path)) return next();
    // Before the request is parsed, so that a burst of log-ins is refused cheaply.
    if (auth.isBusy(req.ip ?? "")) return next(logInBusy());
    // The address as we see it, not as the client claims.
    req.headers["x-forwarded-for"] = req.ip;
    Promise.resolve(auth.handler(req, res, next)).catch(next);
  });
  const openApi = createOpenApi(config.appUrl);
  app.get("/api/openapi.json", (_req, res) => void res.json(openApi));
  // The only page below /api.
  const isDocs = (req: Request) => /^\/api\/docs(\.data)?$/.test(req.baseUrl + req.path);
  app.use(["/api", "/plaid"], (req, _res, next) =>
    next(isDocs(req) ? undefined : new FiscilityError("not_found")),
  );

  app.get("/logos/:name", serveLogos(services));
  app.use("/assets", serveBuilt("assets", { immutable: true, maxAge: "1y" }));
  app.get(topFiles(), serveBuilt("", { maxAge: "1h" }));
  app.all(
    "*",
    inSequence(limitBody),
    enterPageGate(services.pageGate, createContext),
    createRequestHandler({
      build,
      mode: "production",
      getLoadContext: async (req, res) =>
        createPageContext(services, await createContext(req), { openApi, release }, req, res),
    }) as RequestHandler,
  );
  app.use(sendError(services));
  return app;
}

/** The endpoints of better-auth for programs and scripts of our pages. */
const served =
  /^\/(sign-in\/email|sign-up\/email|sign-out|second-step|passkey\/options|passkey\/log-in)$/;

/** Plaid signs the exact bytes of a webhook. */
const rawBody = express.raw({ type: () => true, limit: maxBody, inflate: false });

/** Limits how many pages of a user run at once: each costs more than many calls. */
function enterPageGate(
  gate: Services["pageGate"],
  createContext: (req: Request) => Promise<Context>,
): RequestHandler {
  return async (req, res, next) => {
    try {
      const { user } = await createContext(req);
      if (user) {
        const { leave } = await gate.enter(user.id);
        // The client left while it waited, and nobody reads the page.
        if (res.closed) return leave();
        res.once("close", leave);
      }
      next();
    } catch (error) {
      next(error);
    }
  };
}

/** The paths of the icons and the manifest. Listed once, so that a page is not looked for among the files first. */
const topFiles = () =>
  readdirSync(clientFolder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => `/${name}`);

/** Serves a folder of the build, with its precompressed variants. */
const serveBuilt = (folder: string, serveStatic: { maxAge: string; immutable?: true }) =>
  expressStaticGzip(path.join(clientFolder, folder), {
    enableBrotli: true,
    orderPreference: ["br"],
    index: false,
    serveStatic,
  });
