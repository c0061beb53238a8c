/** A mail that was received. `receivedAt` is ISO 8601 UTC; `headers` are by name in small letters. */
export interface ReceivedMail {
  to: string;
  from: string;
  subject: string;
  text: string;
  html: string;
  /** The addresses in `text`, in its order. */
  links: string[];
  headers: Record<string, string>;
  receivedAt: string;
}
