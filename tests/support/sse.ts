/** One event as it was sent. `event` is "message" when it has no name. */
export interface SseEvent {
  event: string;
  id: string | null;
  data: string;
}

/** Reads Server-Sent Events until the server ends them or `close` is called. Never reconnects. */
export async function openStream(url: string, headers: Record<string, string>) {
  const controller = new AbortController();
  const response = await fetch(url, { headers, signal: controller.signal });
  const events: SseEvent[] = [];
  const { body } = response;
  if (!body) throw new Error("no body");
  const ended = (async () => {
    let text = "";
    try {
      const decoder = new TextDecoder();
      for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
        text += decoder.decode(chunk, { stream: true });
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) if (block.trim()) events.push(read(block.trim()));
      }
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    }
  })();
  ended.catch(() => {});
  return {
    status: response.status,
    headers: response.headers,
    events,
    /** The data of its messages; for live changes `{ dataVersion }`. */
    messages: () =>
      events.filter(({ event }) => event === "message").map(({ data }) => JSON.parse(data)),
    /** Resolves when the server has ended it; rejects when the connection broke. */
    ended,
    close: () => controller.abort(),
  };
}

function read(block: string): SseEvent {
  const fields = new Map(
    block.split("\n").map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1).trim()] as const;
    }),
  );
  return {
    event: fields.get("event") ?? "message",
    id: fields.get("id") ?? null,
    data: fields.get("data") ?? "",
  };
}
