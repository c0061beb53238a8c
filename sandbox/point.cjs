/**
 * `node -r @fiscility/plaid-sandbox/point app.js`: requests to Plaid's servers go to the sandbox at
 * PLAID_SANDBOX_URL (default http://localhost:3001), for a backend whose SDK has Plaid's address
 * built in. Covers node:https, and with it axios, and fetch.
 */
const http = require("node:http");
const https = require("node:https");

const sandbox = new URL(process.env.PLAID_SANDBOX_URL ?? "http://localhost:3001");
const PLAID = /^(sandbox|development|production)\.plaid\.com$/;

const { request } = https;

/** As https.request: (url, options?, callback?) or (options, callback?). */
https.request = (...args) => {
  const [first, second, third] = args;
  const url = typeof first === "string" || first instanceof URL ? new URL(first) : null;
  const options = (url ? second : first) ?? {};
  const given = typeof options === "function" ? {} : options;
  const callback = [second, third].find((one) => typeof one === "function");
  const hostname = url?.hostname ?? given.hostname ?? given.host?.split(":")[0];
  if (!PLAID.test(hostname ?? "")) return request.apply(https, args);
  const { agent, servername, host, ...rest } = given;
  const headers = Object.fromEntries(
    Object.entries(given.headers ?? {}).filter(([name]) => name.toLowerCase() !== "host"),
  );
  return http.request(
    {
      ...rest,
      ...(url && { path: url.pathname + url.search }),
      protocol: "http:",
      hostname: sandbox.hostname,
      port: sandbox.port,
      headers,
    },
    callback,
  );
};

https.get = (...args) => {
  const sent = https.request(...args);
  sent.end();
  return sent;
};

const { fetch } = globalThis;
globalThis.fetch = (input, init) => {
  const url = URL.parse(typeof input === "object" && "url" in input ? input.url : String(input));
  if (!url || !PLAID.test(url.hostname)) return fetch(input, init);
  const there = new URL(url.pathname + url.search, sandbox);
  return typeof input === "object" && "url" in input
    ? fetch(new Request(there, input), init)
    : fetch(there, init);
};
