/** What an endpoint is: a function of the sandbox, a checked body and who is calling. */
import type { Sandbox } from "../sandbox.ts";
import type { Item } from "../state.ts";

export interface Call {
  sandbox: Sandbox;
  client_id: string;
  /** Where browsers find the sandbox, e.g. `http://localhost:3001`. */
  origin: string;
  /** The caller's Item. Throws INVALID_ACCESS_TOKEN or ITEM_NOT_FOUND. */
  item(access_token: string): Item;
}

/** A response that is a file instead of JSON. */
export class FileBody {
  readonly type: string;
  readonly bytes: Buffer;
  readonly headers: Record<string, string>;

  constructor(type: string, bytes: Buffer, headers: Record<string, string>) {
    this.type = type;
    this.bytes = bytes;
    this.headers = headers;
  }
}

/**
 * Returns a FileBody, or the response body without its `request_id`, or throws a PlaidError. The body has been
 * checked against the path's schema.
 */
export type Endpoint = (call: Call, body: never) => object | Promise<object>;
