import { getEventListeners } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { followChanges } from "../../app/connect/follow-changes.ts";

/** An event stream whose server the test plays. */
class FakeEventSource extends EventTarget {
  static readonly opened: FakeEventSource[] = [];
  isClosed = false;

  constructor() {
    super();
    FakeEventSource.opened.push(this);
  }

  close(): void {
    this.isClosed = true;
  }

  /** As the server ends a stream when the user has opened too many others. */
  replace(): void {
    const error = { code: -32_009, message: "Replaced", data: { reason: "stream_replaced" } };
    this.dispatchEvent(new MessageEvent("serialized-error", { data: JSON.stringify(error) }));
  }
}

test("followChanges keeps one listener for its end, and none after it, however often its stream is replaced", async () => {
  const page = new EventTarget();
  let ended: AbortSignal | undefined;
  // This tab gets the lock, once.
  const request = async (_name: string, { signal }: LockOptions, lead: () => Promise<void>) => {
    ended = signal;
    await lead();
    return new Promise(() => {});
  };
  vi.stubGlobal("window", page);
  vi.stubGlobal("document", new EventTarget());
  vi.stubGlobal("navigator", { locks: { request } });
  vi.stubGlobal("EventSource", FakeEventSource);
  onTestFinished(() => void vi.unstubAllGlobals());

  const stop = followChanges("ada", 1);
  onTestFinished(stop);
  const { opened } = FakeEventSource;
  const listeners = () => getEventListeners(ended as AbortSignal, "abort").length;
  await expect.poll(() => opened.length).toBe(1);
  for (const n of [1, 2, 3]) {
    opened.at(-1)?.replace();
    const openedAfterFocus = () => {
      page.dispatchEvent(new Event("focus"));
      return opened.length;
    };
    await expect.poll(openedAfterFocus).toBe(n + 1);
  }
  expect(listeners()).toBe(1);
  stop();
  await expect.poll(() => opened.map(({ isClosed }) => isClosed)).toEqual(Array(4).fill(true));
  expect(listeners()).toBe(0);
});
