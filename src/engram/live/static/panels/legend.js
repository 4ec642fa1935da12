/** Names with their colour and their value now: the words of a plot. */

import { h, say } from "../ui/dom.js";
import { lineColour, lineDash } from "../ui/palette.js";

export class Legend {
  /** @param {{dark: boolean}} prefs */
  constructor(prefs) {
    this.prefs = prefs;
    this.element = h("ul", { class: "eg-legend" });
    /** @type {{mark: HTMLElement, figure: HTMLElement}[]} */
    this.items = [];
    this.key = "";
  }

  /** @param {string[]} names @param {number[]} colours of each, as `lineColour` counts them */
  set(names, colours) {
    const key = [...names, ...colours, this.prefs.dark].join("\n");
    if (key === this.key) return;
    this.key = key;
    this.items = colours.map((i) => {
      const mark = h("span", { class: "eg-legend-mark", "aria-hidden": "true" });
      mark.style.borderTopColor = lineColour(i, this.prefs.dark);
      mark.style.borderTopStyle = lineDash(i).length ? "dashed" : "solid";
      return { mark, figure: h("span", { class: "eg-legend-figure" }) };
    });
    this.element.replaceChildren(
      ...names.map((name, i) =>
        h("li", { "data-name": name }, this.items[i].mark, h("span", { class: "eg-legend-name", title: name }, name), this.items[i].figure),
      ),
    );
  }

  /** @param {string[]} figures */
  write(figures) {
    figures.forEach((figure, i) => this.items[i] && say(this.items[i].figure, figure));
  }
}
