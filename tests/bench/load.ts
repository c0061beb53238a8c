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
  const { hostname, port, pathname, host } = new URL(url);
  const request = (own: Record<string, string>) => {
    const lines = Object.entries({ host, ...own }).map(([name, value]) => `${name}: ${value}`);
    return `GET ${pathname} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  };
  const requests = [headers].flat().map(request);
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect(Number(port), hostname);
      await once(socket, "connect");
      return socket;
    }),
  );
  const started = performance.now();
  const answers = await Promise.all(
    sockets.map((socket, at) =>
      ask(socket, requests[at % requests.length] as string, started + ms),
    ),
  );
  const seconds = (performance.now() - started) / 1000;
  return { answers: answers.reduce((sum, n) => sum + n, 0), seconds };
}

function ask(socket: Socket, request: string, until: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answered = 0;
    let text = "";
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
      if (performance.now() < until) socket.write(request);
      else {
        socket.destroy();
        resolve(answered);
      }
    });
    socket.write(request);
  });
}
