import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { templateDatabase } from "./global-setup.ts";

/** A database of this test file's own, copied from the migrated template. */
export async function testDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const admin = inject("databaseServer");
  const name = `t_${randomBytes(6).toString("hex")}`;
  await run(admin, `create database ${name} template ${templateDatabase}`);
  const url = new URL(admin);
  url.pathname = name;
  return { url: url.href, drop: () => run(admin, `drop database ${name} with (force)`) };
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
