// Events go out together, soon after they happen; what does not arrive is sent again, later and later.
import * as state from "./state";
import type { Message, Properties } from "./types";

const SOON = 400;
const MOST_EVENTS = 100;
const MOST_BYTES = 60_000; // a browser takes 64 kB of a page that is left
let timer = 0;
let failures = 0;
let busy = false;

const next = (): [Message[], string] => {
  let some = state.waiting().slice(0, MOST_EVENTS);
  for (;;) {
    const body = JSON.stringify({
      writeKey: state.told.key,
      sentAt: new Date().toISOString(),
      batch: some.map((one) => ({ ...one, anonymousId: one.anonymousId || state.visitor() })),
    });
    if (body.length < MOST_BYTES || some.length < 2) return [some, body];
    some = some.slice(0, some.length >> 1);
  }
};

const later = (wait: number): void => {
  clearTimeout(timer);
  timer = window.setTimeout(() => void flush(), wait);
};

/** Send what waits; answers 4xx other than 429 are final. */
export const flush = async (): Promise<void> => {
  if (busy || !state.consent || !state.waiting().length) return;
  const [some, body] = next();
  busy = true;
  let fine = false;
  try {
    // No content type of its own: the request is a simple one, which no browser asks about first.
    const answer = await fetch(`${state.host}/v1/batch`, { method: "POST", body, keepalive: true, credentials: "omit" });
    fine = answer.status < 500 && answer.status !== 429;
  } catch {
    // Off line, or the server is.
  }
  busy = false;
  if (fine) state.arrived(some);
  failures = fine ? 0 : failures + 1;
  if (state.waiting().length) later(fine ? 0 : Math.min(60_000, 500 * 2 ** failures) * (0.5 + Math.random()));
};

/** The page is left: what waits goes out without waiting for an answer. */
export const leave = (): void => {
  if (busy || !state.consent || !state.waiting().length) return;
  const [some, body] = next();
  if (navigator.sendBeacon?.(`${state.host}/v1/batch`, body)) state.arrived(some);
};

export const send = (type: string, more: Partial<Message>): void => {
  const context: Properties = {
    page: { url: location.href, title: document.title, referrer: document.referrer },
    locale: document.documentElement.lang || navigator.language,
  };
  if (state.user && state.signature) context.signature = state.signature;
  state.push({
    type,
    messageId: state.id(),
    timestamp: new Date().toISOString(),
    ...(state.visitor() && { anonymousId: state.visitor() }),
    ...(state.user && { userId: state.user }),
    ...more,
    context,
  });
  if (!failures) later(SOON);
};

export const track = (event: string, properties: Properties = {}): void => {
  const product = properties.product_id;
  if (event === "Product Viewed" && product) state.look({ id: String(product), title: String(properties.name ?? product) });
  send("track", { event, properties });
};
