import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

/** How the server handles the next mails. */
type Mood = "takes" | "busy" | "refuses_address" | "silent";

/**
 * A mail server that can be down, slow or refusing, always on the same port. `mails` are the raw mails that
 * it accepted.
 */
export async function startMailServer() {
  const mails: string[] = [];
  let mood: Mood = "takes";
  let port = 0;
  let server: SMTPServer | null = null;

  function listen(): Promise<void> {
    server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["AUTH", "STARTTLS"],
      disableReverseLookup: true,
      closeTimeout: 50,
      onConnect(_session, done) {
        // The greeting never arrives.
        if (mood !== "silent") done();
      },
      onRcptTo(_address, _session, done) {
        if (mood === "takes") return done();
        const [code, message] =
          mood === "busy" ? [450, "Try again later"] : [550, "No such mailbox"];
        done(Object.assign(new Error(message as string), { responseCode: code }));
      },
      onData(stream, _session, done) {
        let text = "";
        stream.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        stream.on("end", () => {
          mails.push(text);
          done();
        });
      },
    });
    server.on("error", () => {});
    const own = server.listen(port, "127.0.0.1");
    return new Promise((resolve) =>
      own.once("listening", () => {
        port = (own.address() as AddressInfo).port;
        resolve();
      }),
    );
  }
  const stop = () =>
    new Promise<void>((resolve) => {
      if (!server) return resolve();
      server.close(() => resolve());
      server = null;
    });

  await listen();
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    set(next: Mood) {
      mood = next;
    },
    goAway: stop,
    comeBack: listen,
    close: stop,
  };
}
