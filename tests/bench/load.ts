import { once } from "node:events";
import { connect, type Socket } from "node:net";

/**
 * How many requests a server answers to `connections` keep-alive connections, each with one request at a
 * time. `headers`: one for all of them, or one for each. Plain sockets, so that the asking costs little
 * beside the answering.
 */
export async function throughput(
  url: string,
  headers: Record<string, string> | Record<string, string>[],
  connections: number,
  ms: number,
): Promise<{ answers: number; seconds: number }> {
  const requests = [headers].flat().map((own) => requestOf("GET", url, own));
  const until = performance.now() + ms;
  return drive(url, connections, (at) =>
    performance.now() < until ? (requests[at % requests.length] ?? null) : null,
  );
}

/** Sends each of these by POST once, over `connections` keep-alive connections. */
export async function sendEach(
  url: string,
  posts: readonly { headers: Record<string, string>; body: string }[],
  connections: number,
): Promise<{ answers: number; seconds: number }> {
  const requests = posts.map(({ headers, body }) => requestOf("POST", url, headers, body));
  return drive(url, connections, () => requests.pop() ?? null);
}

function requestOf(
  method: string,
  url: string,
  headers: Record<string, string>,
  body = "",
): string {
  const { pathname, host } = new URL(url);
  const length = String(Buffer.byteLength(body));
  const all = { host, ...headers, ...(body && { "content-length": length }) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${pathname} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}

/** `next` is the next request of a connection; null when it has sent its last. */
async function drive(
  url: string,
  connections: number,
  next: (connection: number) => string | null,
): Promise<{ answers: number; seconds: number }> {
  const { hostname, port } = new URL(url);
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect(Number(port), hostname);
      await once(socket, "connect");
      return socket;
    }),
  );
  const started = performance.now();
  const answers = await Promise.all(sockets.map((socket, at) => ask(socket, () => next(at))));
  const seconds = (performance.now() - started) / 1000;
  return { answers: answers.reduce((sum, n) => sum + n, 0), seconds };
}

function ask(socket: Socket, next: () => string | null): Promise<number> {
  return new Promise((resolve, reject) => {
    let answered = 0;
    let text = "";
    const send = () => {
      const request = next();
      if (request !== null) return void socket.write(request);
      socket.destroy();
      resolve(answered);
    };
    socket.setEncoding("latin1");
    socket.on("error", reject);
    socket.on("data", (chunk: string) => {
      text += chunk;
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      if (!text.startsWith("HTTP/1.1 200")) return reject(new Error(text.slice(0, 200)));
      const length = /^content-length: (\d+)/im.exec(text.slice(0, end))?.[1];
      const chunked = length === undefined;
      if (chunked ? !text.endsWith("0\r\n\r\n") : text.length < end + 4 + Number(length)) return;
      text = "";
      answered++;
      send();
    });
    send();
  });
}
