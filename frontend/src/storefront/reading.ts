// What the page says by itself: data attributes, JSON-LD and microdata of schema.org.
import { track } from "./sending";
import type { Properties } from "./types";

export const parsed = <T>(text: string | undefined | null, otherwise: T): T => {
  try {
    return text ? (JSON.parse(text) as T) : otherwise;
  } catch {
    return otherwise;
  }
};

const typed = (node: Properties, name: string): boolean => [node["@type"]].flat().includes(name);
const nodes = (found: unknown): Properties[] =>
  [found].flat().flatMap((one) => (one && typeof one === "object" ? [one as Properties, ...nodes((one as Properties)["@graph"])] : []));

const fromJson = (): Properties | undefined => {
  for (const script of document.querySelectorAll('script[type="application/ld+json"]')) {
    const product = nodes(parsed<unknown>(script.textContent, null)).find((one) => typed(one, "Product"));
    if (product) {
      const offer = ([product.offers].flat()[0] ?? {}) as Properties;
      return { product_id: product.productID ?? product.sku, name: product.name, category: product.category, price: offer.price, currency: offer.priceCurrency };
    }
  }
  return undefined;
};

const fromMicrodata = (): Properties | undefined => {
  const item = document.querySelector('[itemtype$="schema.org/Product"]');
  const value = (name: string): string | undefined => {
    const found = item?.querySelector(`[itemprop="${name}"]`);
    return found?.getAttribute("content") ?? found?.textContent?.trim() ?? undefined;
  };
  return item ? { product_id: value("productID") ?? value("sku"), name: value("name"), price: value("price"), currency: value("priceCurrency") } : undefined;
};

/** The product this page is about, said once. */
export const product = (): Properties | undefined => {
  const found = fromJson() ?? fromMicrodata();
  return found?.product_id ? found : undefined;
};

export const readPage = (): void => {
  let viewed = false;
  for (const each of document.querySelectorAll<HTMLElement>("[data-regulars-event]")) {
    if (each.matches("form,a,button")) continue;
    const event = each.dataset.regularsEvent ?? "";
    viewed ||= event === "Product Viewed";
    track(event, parsed<Properties>(each.dataset.regularsProperties, {}));
  }
  const found = viewed ? undefined : product();
  if (found) track("Product Viewed", found);
};

const acted = (event: Event): void => {
  const each = (event.target as Element | null)?.closest<HTMLElement>("[data-regulars-event]");
  if (!each?.matches(event.type === "submit" ? "form" : "a,button")) return;
  track(each.dataset.regularsEvent ?? "", parsed<Properties>(each.dataset.regularsProperties, {}));
};

export const listen = (): void => {
  addEventListener("submit", acted, true);
  addEventListener("click", acted, true);
};
