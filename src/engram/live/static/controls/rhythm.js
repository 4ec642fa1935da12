/** Give a region a rhythm, or take it away. */

import { h } from "../ui/dom.js";
import { Answer, button, chooser, labelled } from "../ui/fields.js";

const BANDS = ["delta", "theta", "alpha", "beta", "gamma"];

/** @param {import("../app.js").App} app */
export function rhythmControl(app) {
  const regions = chooser("Region");
  const bands = chooser("Band");
  bands.fill(BANDS.map((band) => [band, band]));
  bands.select.value = "theta";
  const amplitude = h("input", { type: "number", class: "eg-input", min: 0, step: 0.5, value: "2" });
  const frequency = h("input", { type: "number", class: "eg-input", min: 0, step: 0.5, placeholder: "as it is" });
  const answer = new Answer();
  const set = (/** @type {number} */ size) => {
    const hertz = frequency.value === "" ? null : Number(frequency.value);
    const values = { region: regions.select.value, band: bands.select.value, amplitude: size, frequency: hertz };
    answer.show(app.command("rhythm", values), () => (size ? "It oscillates." : "It has ended."));
  };
  app.session.on("structure", (brain) => {
    if (brain.number === 0) regions.fill(brain.regions.map(({ name }) => /** @type {[string, string]} */ ([name, name])));
  });
  const element = h(
    "div",
    {},
    h("div", { class: "eg-row" }, regions.element, bands.element),
    h("div", { class: "eg-row" }, labelled("Amplitude", amplitude), labelled("Hz", frequency)),
    h("div", { class: "eg-row" }, button("Set", () => set(Number(amplitude.value)), { "data-do": "rhythm" }), button("End", () => set(0), { "data-do": "rhythm-end" })),
    answer.element,
  );
  return { title: "Rhythms", element };
}
