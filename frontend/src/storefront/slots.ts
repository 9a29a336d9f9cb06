// Recommendations go into places the shop has made and styled: text as text, addresses only of the web, never markup of others.
import { parsed, product } from "./reading";
import { track } from "./sending";
import * as state from "./state";
import type { Item, Properties } from "./types";

const filled = (pattern: string, item: Item): string => pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(item[name] ?? "")));

const address = (url: string): string => {
  const found = new URL(url, location.href);
  return /^https?:$/.test(found.protocol) ? found.href : "#";
};

const fill = (part: DocumentFragment, item: Item): void => {
  for (const each of part.querySelectorAll<HTMLElement>("[data-regulars-text],[data-regulars-href],[data-regulars-src],[data-regulars-alt]")) {
    const { regularsText: text, regularsHref: href, regularsSrc: src, regularsAlt: alt } = each.dataset;
    if (text) each.textContent = String(item[text] ?? "");
    if (href) each.setAttribute("href", address(filled(href, item)));
    if (src) each.setAttribute("src", address(filled(src, item)));
    if (alt) each.setAttribute("alt", String(item[alt] ?? ""));
  }
};

const asked = (slot: HTMLElement): URLSearchParams => {
  const { regularsSlot = "", k = "4", product: named, exclude = "" } = slot.dataset;
  const here = named ?? product()?.product_id ?? document.querySelector<HTMLElement>("[data-regulars-product]")?.dataset.regularsProduct;
  const question = new URLSearchParams({ slot: regularsSlot, k, writeKey: state.told.key ?? "" });
  if (here) question.set("product", String(here));
  if (exclude || here) question.set("exclude", exclude || String(here));
  if (slot.dataset.cart) question.set("cart", slot.dataset.cart);
  if (/^(session|because_viewed)$/.test(regularsSlot)) {
    const seen = state.seen().map((one) => one.id).filter((one) => one !== here);
    question.set("products", seen.slice(0, regularsSlot === "session" ? 10 : 1).join(","));
  }
  // Who somebody is, is said only where they agreed to be known.
  if (state.consent && state.user && state.signature) {
    question.set("customer", state.user);
    question.set("signature", state.signature);
  }
  return question;
};

const details = async (slot: HTMLElement, items: Item[]): Promise<void> => {
  const pattern = slot.dataset.regularsDetails;
  if (!pattern || !items.length) return;
  const url = pattern.replace("{ids}", items.map((one) => encodeURIComponent(one.id)).join(","));
  const more = (await (await fetch(url)).json()) as Record<string, Properties>;
  for (const item of items) Object.assign(item, more[item.id]);
};

const show = (slot: HTMLElement, answer: { answer_id?: string; items: Item[] }): void => {
  const template = slot.querySelector("template");
  if (!template) return;
  const parts = answer.items.map((item, place) => {
    const part = template.content.cloneNode(true) as DocumentFragment;
    fill(part, item);
    const first = part.firstElementChild;
    const said = { answer_id: answer.answer_id, slot: slot.dataset.regularsSlot, product_id: item.id, place: place + 1 };
    first?.addEventListener("click", () => track("Recommendation Clicked", said));
    return part;
  });
  const list = slot.querySelector("[data-regulars-items]") ?? slot;
  list.replaceChildren(...(list === slot ? [template] : []), ...parts);
  const because = state.seen().find((one) => answer.items.some((item) => item.seeds?.includes(one.id)));
  for (const each of slot.querySelectorAll("[data-regulars-because]")) each.textContent = because?.title ?? "";
  slot.dataset.regularsState = answer.items.length ? "full" : "empty";
  if (answer.items.length) watch(slot, { answer_id: answer.answer_id, slot: slot.dataset.regularsSlot, products: answer.items.map((one) => one.id) });
};

const watch = (slot: HTMLElement, said: Properties): void => {
  const observer = new IntersectionObserver(([entry]) => {
    if (!entry?.isIntersecting) return;
    observer.disconnect();
    track("Recommendation Viewed", said);
  });
  observer.observe(slot);
};

const ask = async (slot: HTMLElement): Promise<void> => {
  const question = asked(slot);
  const needs = /^(session|because_viewed)$/.test(slot.dataset.regularsSlot ?? "") ? question.get("products") : "-";
  const personal = /^(for_you|next_basket|buy_again|discover)$/.test(slot.dataset.regularsSlot ?? "");
  if (personal && !question.has("customer")) {
    const instead = slot.dataset.regularsOtherwise;
    if (instead) question.set("slot", instead);
  }
  try {
    if (!needs || (personal && !question.has("customer") && !slot.dataset.regularsOtherwise)) throw new Error("nothing to start from");
    const answer = await fetch(`${state.host}/v1/recommend?${question}`, { credentials: "omit" });
    if (!answer.ok) throw new Error(String(answer.status));
    const found = (await answer.json()) as { answer_id?: string; items: Item[] };
    await details(slot, found.items);
    show(slot, found);
  } catch {
    slot.dataset.regularsState = "empty"; // what the shop wrote inside stays
  }
};

export const showSlots = (): void => {
  for (const each of document.querySelectorAll<HTMLElement>("[data-regulars-slot]")) void ask(each);
};

/** How far a cart is from free delivery: `<progress>` and a text with {left} in it. */
export const delivery = (total?: number): void => {
  for (const each of document.querySelectorAll<HTMLElement>("[data-regulars-delivery]")) {
    const from = Number(each.dataset.regularsDelivery);
    const sum = total ?? Number(each.dataset.total ?? 0);
    const left = Math.max(0, from - sum);
    each.dataset.total = String(sum);
    each.dataset.regularsState = left ? "missing" : "free";
    for (const bar of each.querySelectorAll("progress")) Object.assign(bar, { max: from, value: Math.min(sum, from) });
    const texts = parsed<{ left?: string; free?: string }>(each.dataset.texts, {});
    const money = new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "currency", currency: each.dataset.currency ?? "EUR" });
    for (const text of each.querySelectorAll("[data-regulars-left]")) {
      text.textContent = left ? (texts.left ?? "{left}").replace("{left}", money.format(left)) : (texts.free ?? "");
    }
  }
};
