import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isoCBOR } from "@simplewebauthn/server/helpers";

const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest();
const base64url = (data: Buffer | Uint8Array) => Buffer.from(data).toString("base64url");

const userPresent = 0x01;
const userVerified = 0x04;
const hasCredential = 0x40;

/** What an attacker or a broken device may do differently from a browser. */
interface Twist {
  origin?: string;
  rpId?: string;
  challenge?: string;
  userHandle?: string | null;
  id?: string;
  counter?: number;
  verified?: boolean;
}

/**
 * A passkey in this process, for tests that need what no browser would send. It responds to our server's
 * options with JSON text, like `PublicKeyCredential.toJSON()`.
 * @see https://www.w3.org/TR/webauthn-3/
 */
export function softwarePasskey(origin: string) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const id = base64url(randomBytes(32));
  let counter = 0;
  let userId = "";

  const ownRpId = new URL(origin).hostname;
  const clientData = (type: string, challenge: string, from: string) =>
    Buffer.from(JSON.stringify({ type, challenge, origin: from, crossOrigin: false }));
  function head(flags: number, count: number, rpId = ownRpId) {
    const counted = Buffer.alloc(4);
    counted.writeUInt32BE(count);
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), counted]);
  }

  return {
    id,
    /** Responds to the options of a registration. */
    register(optionsJson: string, twist: Twist = {}): string {
      const options = JSON.parse(optionsJson);
      userId = options.user.id;
      const cose = isoCBOR.encode(
        new Map<number, number | Uint8Array>([
          [1, 2],
          [3, -7],
          [-1, 1],
          [-2, new Uint8Array(Buffer.from(x, "base64url"))],
          [-3, new Uint8Array(Buffer.from(y, "base64url"))],
        ]),
      );
      const raw = Buffer.from(twist.id ?? id, "base64url");
      const length = Buffer.alloc(2);
      length.writeUInt16BE(raw.length);
      const authData = Buffer.concat([
        head(userPresent | userVerified | hasCredential, counter, twist.rpId),
        Buffer.alloc(16),
        length,
        raw,
        cose,
      ]);
      const attestationObject = isoCBOR.encode(
        new Map<string, unknown>([
          ["fmt", "none"],
          ["attStmt", new Map()],
          ["authData", new Uint8Array(authData)],
        ]) as never,
      );
      const challenge = twist.challenge ?? options.challenge;
      return JSON.stringify({
        id: twist.id ?? id,
        rawId: twist.id ?? id,
        type: "public-key",
        clientExtensionResults: {},
        response: {
          attestationObject: base64url(attestationObject),
          clientDataJSON: base64url(
            clientData("webauthn.create", challenge, twist.origin ?? origin),
          ),
          transports: ["internal"],
        },
      });
    },
    /** Responds to the options of a log-in or a step-up. */
    sign(optionsJson: string, twist: Twist = {}): string {
      const options = JSON.parse(optionsJson);
      counter = twist.counter ?? counter + 1;
      const flags = userPresent | (twist.verified === false ? 0 : userVerified);
      const authenticatorData = head(flags, counter, twist.rpId);
      const challenge = twist.challenge ?? options.challenge;
      const data = clientData("webauthn.get", challenge, twist.origin ?? origin);
      const signed = Buffer.concat([authenticatorData, sha256(data)]);
      const handle = twist.userHandle === undefined ? userId : twist.userHandle;
      return JSON.stringify({
        id: twist.id ?? id,
        rawId: twist.id ?? id,
        type: "public-key",
        clientExtensionResults: {},
        response: {
          authenticatorData: base64url(authenticatorData),
          clientDataJSON: base64url(data),
          signature: base64url(sign("sha256", signed, privateKey)),
          ...(handle !== null && { userHandle: handle }),
        },
      });
    },
  };
}
