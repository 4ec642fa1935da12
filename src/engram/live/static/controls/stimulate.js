/** Stimulate a region: with sliders, or by painting on a grid of its neurons. */

import { h } from "../ui/dom.js";
import { Answer, button, chooser, labelled, segments, slider } from "../ui/fields.js";
import { many } from "../ui/format.js";
import { PaintGrid } from "./paint.js";

const MOST_SLIDERS = 16;
const FIRST = [0.8, 0.3, 0.5];

/** @param {import("../app.js").App} app */
export function stimulateControl(app) {
  const regions = chooser("Region", () => change());
  const answer = new Answer();
  const bank = sliderBank();
  const grid = new PaintGrid();
  const amount = slider("Strength", { min: 0.05, max: 1, step: 0.05, value: 1 }, (value) => (grid.amount = value));
  const painting = h("div", { hidden: true }, grid.element, amount.element, button("Wipe the grid", () => grid.wipe()));
  const ways = segments("How to stimulate", [["sliders", "Sliders"], ["paint", "Paint"]], (value) => {
    painting.hidden = value !== "paint";
    bank.element.hidden = value !== "sliders";
  });
  ways.set("sliders");
  const duration = h("input", { type: "number", class: "eg-input", min: 1, value: "500", placeholder: "until cleared" });

  function change() {
    const found = app.session.brain?.region(regions.select.value);
    if (found) grid.shape(found.count);
  }

  function send() {
    const ms = duration.value === "" ? null : Number(duration.value);
    const region = regions.select.value;
    const command = painting.hidden
      ? app.command("stimulate", { region, values: bank.values(), duration: ms })
      : app.command("paint", { region, ...grid.painted(), duration: ms });
    answer.show(command, ({ driven }) => `${many(driven, "neuron")} driven.`);
  }
  const clear = () => answer.show(app.command("clear", { region: regions.select.value }), () => "Cleared.");

  app.session.on("structure", (brain) => {
    if (brain.number !== 0) return;
    regions.fill(brain.regions.map(({ name, type }) => /** @type {[string, string]} */ ([name, `${name} (${type})`])));
    change();
  });
  const buttons = [
    button("Stimulate", send, { class: "eg-button eg-main", "data-do": "stimulate" }),
    button("Clear", clear, { "data-do": "clear" }),
  ];
  const element = h(
    "div",
    {},
    regions.element,
    ways.element,
    bank.element,
    painting,
    labelled("For (ms)", duration, "Left empty: until it is cleared"),
    h("div", { class: "eg-row" }, ...buttons),
    answer.element,
  );
  return { title: "Stimulate", element, open: true };
}

/** Some sliders for values between 0 and 1. */
function sliderBank() {
  /** @type {HTMLInputElement[]} */
  let inputs = [];
  const bank = h("div", { class: "eg-bank" });
  const number = h("input", { type: "number", class: "eg-input", min: 1, max: MOST_SLIDERS, value: String(FIRST.length), onchange: () => build() });

  function build() {
    const before = inputs.map(({ value }) => Number(value));
    const count = Math.max(1, Math.min(MOST_SLIDERS, Math.round(Number(number.value)) || 1));
    number.value = String(count);
    const made = Array.from({ length: count }, (_, k) => {
      const value = before[k] ?? FIRST[k % FIRST.length];
      return slider(`Value ${k + 1}`, { min: 0, max: 1, step: 0.05, value }, () => {}, (x) => x.toFixed(2));
    });
    inputs = made.map(({ input }) => input);
    bank.replaceChildren(...made.map(({ element }) => element));
  }
  build();
  const element = h("div", {}, labelled("Values", number, "Dealt among the neurons in equal groups"), bank);
  return { element, values: () => inputs.map(({ value }) => Number(value)) };
}
