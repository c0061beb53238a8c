/** A received mail. `receivedAt` is ISO 8601 UTC; the names of `headers` are in lowercase. */
export interface ReceivedMail {
  to: string;
  from: string;
  subject: string;
  text: string;
  html: string;
  /** The addresses in `text`, in order. */
  links: string[];
  headers: Record<string, string>;
  receivedAt: string;
}
