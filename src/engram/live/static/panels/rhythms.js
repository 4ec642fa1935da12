/** Rhythms: a dial for the phase of each; the hand points up at the peak. */

import { h, say, svg } from "../ui/dom.js";
import { brief } from "../ui/format.js";
import { Panel } from "../ui/panel.js";

/** Hands of fast rhythms would flicker: they are drawn as the mean of where they were. */
const FASTEST_HZ = 3;

/** @param {import("../app.js").App} app */
export function rhythmsPanel(app) {
  const list = h("ul", { class: "eg-dials" });
  const none = h("p", { class: "eg-quiet" }, "No rhythms yet. “Rhythms” among the controls gives a region one.");
  const panel = new Panel("Rhythms", [list, none], { every: 60, draw });
  /** @type {{hand: SVGElement, glow: SVGElement, words: HTMLElement}[]} */
  let dials = [];
  let key = "";

  function build(/** @type {import("../model/brain.js").BrainModel} */ brain) {
    dials = brain.rhythms.map(() => ({
      hand: svg("line", { x1: 0, y1: 0, x2: 0, y2: -15, class: "eg-dial-hand" }),
      glow: svg("circle", { r: 5, class: "eg-dial-glow" }),
      words: h("span", { class: "eg-dial-phase" }),
    }));
    list.replaceChildren(
      ...brain.rhythms.map(({ region, band, frequency }, i) => {
        const face = svg("circle", { r: 18, class: "eg-dial-face" });
        const dial = svg("svg", { viewBox: "-21 -21 42 42", class: "eg-dial", "aria-hidden": "true" }, face, dials[i].glow, dials[i].hand);
        return h("li", {}, dial, h("span", { class: "eg-dial-name" }, `${band} in ${brain.regions[region]?.name}`), h("span", { class: "eg-quiet" }, `${brief(frequency)} Hz `, dials[i].words));
      }),
    );
  }

  function draw() {
    const brain = app.session.brain;
    if (!brain) return;
    const now = JSON.stringify(brain.rhythms);
    if (now !== key) build(brain);
    key = now;
    none.hidden = brain.rhythms.length > 0;
    const speed = brain.frame?.speed ?? 0;
    brain.rhythms.forEach(({ frequency }, i) => {
      const phase = brain.frame?.rhythms?.[i] ?? 0;
      const quick = frequency * speed > FASTEST_HZ;
      dials[i].hand.setAttribute("transform", `rotate(${((phase * 180) / Math.PI).toFixed(1)})`);
      dials[i].hand.style.opacity = quick && app.prefs.calm ? "0.25" : "1";
      dials[i].glow.style.opacity = quick ? "0.5" : (0.5 + 0.5 * Math.cos(phase)).toFixed(2);
      say(dials[i].words, `${Math.round((phase * 180) / Math.PI)}°`);
    });
  }
  return panel;
}
