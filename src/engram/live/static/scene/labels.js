/** Names of regions over the picture, as buttons: a click brings the region near. */

import { h, say } from "../ui/dom.js";
import { hertz } from "../ui/format.js";

export class Labels {
  /** @param {HTMLElement} layer @param {(region: number) => void} chosen */
  constructor(layer, chosen) {
    this.layer = layer;
    this.chosen = chosen;
    /** @type {{button: HTMLElement, figure: HTMLElement}[]} */
    this.items = [];
    this.seen = new Float32Array(3);
  }

  /** @param {import("../model/brain.js").BrainModel} brain */
  build(brain) {
    this.items = brain.regions.map((region) => {
      const figure = h("span", { class: "eg-label-rate" });
      const button = h(
        "button",
        { type: "button", class: "eg-label", title: `Bring ${region.name} near. Its rate: running mean over 1 s`, onclick: () => this.chosen(region.index) },
        h("span", { class: "eg-label-name" }, region.name),
        figure,
      );
      return { button, figure };
    });
    this.layer.replaceChildren(...this.items.map(({ button }) => button));
  }

  /** @param {import("../model/brain.js").BrainModel} brain */
  write(brain) {
    this.items.forEach(({ figure }, i) => {
      say(figure, hertz(brain.ofRegion(i, "rate")));
    });
  }

  /**
   * @param {import("../model/brain.js").BrainModel} brain
   * @param {import("./camera.js").Camera} camera
   * @param {number} width @param {number} height
   */
  place(brain, camera, width, height) {
    this.items.forEach(({ button }, i) => {
      const region = brain.regions[i];
      const below = [0, 1, 2].map((k) => region.centre[k] - camera.up[k] * region.radius * 1.12);
      camera.project(below, 0, width, height, this.seen);
      const [x, y, depth] = this.seen;
      const inside = depth > 0 && x > -60 && x < width + 60 && y > -20 && y < height + 20;
      button.style.visibility = inside ? "visible" : "hidden";
      button.style.transform = `translate(-50%, 0) translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    });
  }
}
