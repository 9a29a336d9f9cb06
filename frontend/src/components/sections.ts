// Marks the section being read in the rail, and brings its entry into view where the rail is a strip.

export function sections(root: Document): void {
  const links = new Map<string, HTMLAnchorElement>();
  for (const link of root.querySelectorAll<HTMLAnchorElement>(".rail a[href^='#']")) links.set(link.hash.slice(1), link);
  const seen = new Set<string>();
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) isIntersecting ? seen.add(target.id) : seen.delete(target.id);
    const current = [...links.keys()].find((id) => seen.has(id));
    if (!current) return;
    for (const [id, link] of links) {
      if (id !== current) link.removeAttribute("aria-current");
      else if (!link.hasAttribute("aria-current")) {
        link.setAttribute("aria-current", "true");
        const strip = link.closest("ul");
        if (strip && strip.scrollWidth > strip.clientWidth) strip.scrollTo({ left: link.offsetLeft - strip.offsetLeft - 16 });
      }
    }
  }, { rootMargin: "-8% 0px -60% 0px" });
  for (const id of links.keys()) {
    const section = root.getElementById(id);
    if (section) watcher.observe(section);
  }
}
