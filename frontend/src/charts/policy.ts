// The console's policy forbids styles that stand in the document. The drawing library writes them as attributes; the same through the
// style object is allowed, and means the same.

/** Let `setAttribute("style", …)` of drawings go through their style object. */
export function obeyPolicy(): void {
  const plain = Element.prototype.setAttribute;
  SVGElement.prototype.setAttribute = function (this: SVGElement, name: string, value: string) {
    if (name === "style") this.style.cssText = value;
    else plain.call(this, name, value);
  };
}
