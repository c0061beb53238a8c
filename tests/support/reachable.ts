import { connect } from "node:net";
import { until } from "./until.ts";

/** Waits until something listens on this port of loopback. */
export async function reachable(port: number): Promise<void> {
  await until(() => respond(port));
}

function respond(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
