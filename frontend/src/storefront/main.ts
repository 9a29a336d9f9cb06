// The storefront script: one function, `regulars(what, …)`. Calls made before it arrived wait in `regulars.q`.
import { listen, readPage } from "./reading";
import { flush, leave, send, track } from "./sending";
import { delivery, showSlots } from "./slots";
import * as state from "./state";
import type { Properties } from "./types";

type Call = [name: string, ...rest: unknown[]];
interface Door {
  (...call: Call): void;
  q?: Call[];
}

const agree = (yes: boolean): void => {
  state.setConsent(yes);
  if (yes) void flush();
  showSlots();
};

const calls: Record<string, (...rest: never[]) => void> = {
  consent: (said: { analytics?: boolean } | boolean) => agree(Boolean(typeof said === "object" ? said.analytics : said)),
  track,
  page: (name?: string, properties?: Properties) => send("page", { ...(name && { event: name }), properties: properties ?? {} }),
  identify: (who: string, proof?: { signature?: string; traits?: Properties }) => {
    state.identify(who, proof?.signature);
    send("identify", { traits: proof?.traits ?? {} });
    showSlots();
  },
  reset: () => {
    state.forget();
    showSlots();
  },
  cart: (cart: { value?: number }) => delivery(cart.value),
  slots: showSlots,
};

const call = (...[name, ...rest]: Call): void => {
  try {
    calls[name]?.(...(rest as never[]));
  } catch (error) {
    console.error("regulars", name, error); // never the shop's trouble
  }
};

const start = (): void => {
  const { consent, customer, signature, page, reset } = state.told;
  if (consent === "granted" || consent === "refused") state.setConsent(consent === "granted");
  if (reset) state.forget();
  const early = (window as unknown as { regulars?: Door }).regulars?.q ?? [];
  (window as unknown as { regulars: Door }).regulars = call;
  if (customer) {
    state.identify(customer, signature);
    send("identify", { traits: {} });
  }
  if (page !== "off") call("page");
  readPage();
  listen();
  for (const each of early) call(...each);
  delivery();
  showSlots();
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
  addEventListener("online", () => void flush());
};

// Never in the way: the page is read and shown first.
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => setTimeout(start));
else setTimeout(start);
