/** A panel that folds, and is drawn only while it can be seen. */

import { h, say } from "./dom.js";

export class Panel {
  /**
   * @param {string} title @param {any[]} content
   * @param {{open?: boolean, every?: number, draw?: (now: number) => void, name?: string, sum?: () => string}} [options]
   *   every: ms between two drawings; sum: words of the head, which are seen while it is folded too
   */
  constructor(title, content, { open = true, every = 100, draw = () => {}, name = title, sum } = {}) {
    this.figure = h("span", { class: "eg-panel-figure" });
    this.element = h(
      "details",
      { class: "eg-panel", open, "data-panel": name.toLowerCase().replaceAll(" ", "-") },
      h("summary", {}, h("span", { class: "eg-panel-title" }, title), this.figure),
      h("div", { class: "eg-panel-body" }, ...content),
    );
    this.draw = draw;
    this.every = every;
    this.sum = sum;
    this.last = -Infinity;
    this.seen = true;
    this.element.addEventListener("toggle", () => (this.last = -Infinity));
    new IntersectionObserver((entries) => {
      this.seen = entries[entries.length - 1].isIntersecting;
    }).observe(this.element);
  }

  /**
   * Draw if it is time.
   * @param {number} now @param {number} patience more than 1 where time is short
   * @returns {boolean} whether it was drawn
   */
  turn(now, patience) {
    if (!this.seen || now - this.last < this.every * patience) return false;
    this.last = now;
    if (this.sum) say(this.figure, this.sum());
    if (!this.element.open) return false;
    this.draw(now);
    return true;
  }

  /** Unfold it, and bring it into sight where the sides scroll by themselves. */
  show() {
    this.element.open = true;
    const side = this.element.parentElement;
    const [inner, outer] = [this.element.getBoundingClientRect(), side.getBoundingClientRect()];
    if (inner.top < outer.top || inner.top > outer.bottom - 120) side.scrollTop += inner.top - outer.top;
    this.refresh();
  }

  /** Draw at the next turn. */
  refresh() {
    this.last = -Infinity;
  }
}
