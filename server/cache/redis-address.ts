import { z } from "zod";
import { Secret } from "../vault/secret.ts";

/** The address of Redis: one server, or some nodes of a cluster, from which the others are discovered. */
export interface RedisAddress {
  cluster: boolean;
  nodes: { host: string; port: number }[];
  tls: boolean;
  username: string | undefined;
  password: Secret | undefined;
  /** The numbered database of a single server. A cluster has only 0. */
  database: number;
}

const form = /^redis(s?)(\+cluster)?:\/\/(?:([^@/]*)@)?([^@/]+)(?:\/(\d{1,4})?)?$/;

/**
 * Parses `REDIS_URL`: `redis[s]://[user:password@]host[:port][/database]`, or `redis[s]+cluster://` with one
 * or more hosts. Reserved characters in the user or the password are percent-encoded. A cluster is declared,
 * not detected, because detection would need a running Redis at start.
 */
export const redisAddress = z.string().transform((text, ctx): RedisAddress => {
  const [, tls, cluster, secrets, hosts = "", database = "0"] = form.exec(text) ?? [];
  const named = hosts.split(",");
  const nodes = named.flatMap((host) => {
    const url = URL.canParse(`redis://${host}`) ? new URL(`redis://${host}`) : null;
    if (!url?.hostname) return [];
    return [{ host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 6379) }];
  });
  const [username, password] = (secrets ?? "").split(":").map(decode);
  const fits = cluster ? database === "0" : named.length === 1;
  if (nodes.length < named.length || username === null || password === null || !fits) {
    ctx.addIssue("expected redis://host, or redis+cluster://host,host for nodes of a cluster");
    return z.NEVER;
  }
  return {
    cluster: cluster !== undefined,
    nodes,
    tls: tls === "s",
    username: username || undefined,
    password: password ? new Secret(password) : undefined,
    database: Number(database),
  };
});

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
