// Who this is and what is kept. Without a yes to measuring nothing is read from or written to the device.
import type { Kept, Message, Seen } from "./types";

const NAME = "regulars";
const MOST = 200;

export const tag = document.currentScript as HTMLScriptElement | null;
export const told = tag?.dataset ?? {};
export const host = (told.host ?? new URL(tag?.src || location.href).origin).replace(/\/$/, "");

export const id = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** undefined: not asked yet. */
export let consent: boolean | undefined;
export let user: string | undefined;
export let signature: string | undefined;
let kept: Kept = { visitor: "", seen: [], queue: [] };

const read = (): Partial<Kept> => {
  try {
    return JSON.parse(localStorage.getItem(NAME) ?? "{}") as Partial<Kept>;
  } catch {
    return {};
  }
};

export const save = (): void => {
  if (!consent) return;
  try {
    localStorage.setItem(NAME, JSON.stringify(kept));
  } catch {
    // Full or forbidden: everything works for this page.
  }
};

export const setConsent = (yes: boolean): void => {
  consent = yes;
  if (yes) {
    const before = read();
    kept = {
      visitor: before.visitor || kept.visitor || id(),
      seen: [...kept.seen, ...(before.seen ?? [])].filter((one, at, all) => all.findIndex((other) => other.id === one.id) === at).slice(0, 20),
      queue: [...(before.queue ?? []), ...kept.queue].slice(-MOST),
    };
    save();
    return;
  }
  kept = { visitor: "", seen: [], queue: [] };
  try {
    localStorage.removeItem(NAME);
  } catch {
    // Nothing can be there either.
  }
};

export const visitor = (): string => kept.visitor;
export const seen = (): Seen[] => kept.seen;
export const waiting = (): Message[] => kept.queue;

export const look = (one: Seen): void => {
  if (consent === false) return;
  kept.seen = [one, ...kept.seen.filter((other) => other.id !== one.id)].slice(0, 20);
  save();
};

export const push = (message: Message): void => {
  if (consent === false) return;
  kept.queue.push(message);
  if (kept.queue.length > MOST) kept.queue.shift();
  save();
};

/** Forget events that arrived; others may have come in meanwhile. */
export const arrived = (sent: Message[]): void => {
  const ids = new Set(sent.map((one) => one.messageId));
  kept.queue = kept.queue.filter((one) => !ids.has(one.messageId));
  save();
};

export const identify = (who?: string, proof?: string): void => {
  user = who;
  signature = proof;
};

/** Whoever comes next on this device is somebody else. */
export const forget = (): void => {
  identify();
  kept.visitor = consent ? id() : "";
  kept.seen = [];
  save();
};
