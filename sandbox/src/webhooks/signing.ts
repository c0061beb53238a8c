/**
 * Signs webhooks as Plaid does: a JWT (ES256) over the body's SHA-256
 * (https://plaid.com/docs/api/webhooks/webhook-verification/).
 */
import { createHash } from "node:crypto";
import type { JWK } from "jose";
import type { SigningKey } from "../state.ts";

/** The public key as `/webhook_verification_key/get` shows it (schema `JWKPublicKey`). */
export interface VerificationKey {
  alg: string;
  crv: string;
  kid: string;
  kty: string;
  use: string;
  x: string;
  y: string;
  created_at: number;
  expired_at: number | null;
}

/** Loaded with the first webhook, so that the start does not wait for it. */
const jose = () => import("jose");

/** A fresh P-256 key. `nowMs` becomes `created_at`. */
export async function newSigningKey(nowMs: number): Promise<SigningKey> {
  const { calculateJwkThumbprint, exportJWK, generateKeyPair } = await jose();
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { private_jwk: { ...jwk, kid }, created_at: Math.floor(nowMs / 1000), expired_at: null };
}

export function verificationKey({
  private_jwk: jwk,
  created_at,
  expired_at,
}: SigningKey): VerificationKey {
  const { kid = "", x = "", y = "" } = jwk;
  return {
    alg: "ES256",
    crv: "P-256",
    kid,
    kty: "EC",
    use: "sig",
    x,
    y,
    created_at,
    expired_at,
  };
}

/** The value of the `Plaid-Verification` header. `nowMs` is the machine's time: receivers check it. */
export async function signBody(jwk: JWK, body: string, nowMs: number): Promise<string> {
  const { importJWK, SignJWT } = await jose();
  const request_body_sha256 = createHash("sha256").update(body).digest("hex");
  return new SignJWT({ request_body_sha256 })
    .setProtectedHeader({ alg: "ES256", kid: jwk.kid ?? "", typ: "JWT" })
    .setIssuedAt(Math.floor(nowMs / 1000))
    .sign(await importJWK(jwk, "ES256"));
}
