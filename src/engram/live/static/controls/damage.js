/** Destroy neurons: those in a lasso, or by number. */

import { h, say } from "../ui/dom.js";
import { Answer, button, chooser, labelled, toggle } from "../ui/fields.js";
import { many } from "../ui/format.js";

const SURE_MS = 6000;
const MOST = 100_000;

/** Slots from words like "0-9, 12". @param {string} words @returns {number[]} */
export function slotsOf(words) {
  const out = new Set();
  for (const part of words.split(",")) {
    const found = part.trim().match(/^(\d+)(?:\s*-\s*(\d+))?$/);
    if (!found) throw new Error(`Write neurons as 0-9, 12 and not ${part.trim() || "nothing"}.`);
    const [from, to] = [Number(found[1]), Number(found[2] ?? found[1])];
    if (to - from >= MOST) throw new Error("At most 100,000 neurons at a time.");
    for (let k = from; k <= to; k++) out.add(k);
  }
  return [...out];
}

/** @param {import("../app.js").App} app */
export function damageControl(app) {
  /** @type {[string, number[]][]} */
  let caught = [];
  let armed = false;
  const state = h("p", { class: "eg-quiet" });
  const answer = new Answer();
  const catching = (/** @type {boolean} */ on) => {
    app.scene.gestures.catching = on;
    app.scene.canvas.classList.toggle("eg-catching", on);
    if (!on) drop();
  };
  const lasso = toggle("Lasso", false, catching, "Draw around neurons in the picture");
  const regions = chooser("Region");
  const slots = h("input", { class: "eg-input eg-wide", placeholder: "0-9, 12" });
  const take = button("Choose these", () => {
    try {
      hold([[regions.select.value, slotsOf(slots.value)]]);
      answer.clear();
    } catch (error) {
      answer.show(Promise.reject(error));
    }
  });
  const kill = button("Destroy", () => sure(), { class: "eg-button eg-bad", disabled: true, "data-do": "damage" });

  function arm(/** @type {boolean} */ on) {
    armed = on;
    say(kill, on ? "Really destroy?" : "Destroy");
  }

  function hold(/** @type {[string, number[]][]} */ chosen) {
    caught = chosen.filter(([, list]) => list.length);
    const n = caught.reduce((sum, [, list]) => sum + list.length, 0);
    kill.disabled = n === 0;
    arm(false);
    say(state, n ? `Chosen: ${caught.map(([name, list]) => `${name} ${list.length}`).join(", ")}.` : "Nobody is chosen.");
  }

  function drop() {
    hold([]);
    app.scene.unmark();
  }

  /** A second press is asked for: the dead come back by rewinding only. */
  async function sure() {
    if (!armed) {
      arm(true);
      setTimeout(() => arm(false), SURE_MS);
      return;
    }
    let killed = 0;
    for (const [region, neurons] of caught) {
      const result = await answer.show(app.command("damage", { region, neurons }));
      if (!result) return;
      killed += result.killed;
    }
    drop();
    await answer.show(Promise.resolve(), () => `${many(killed, "neuron")} destroyed.`);
  }

  app.scene.on("lasso", hold);
  app.session.on("structure", (brain) => {
    if (brain.number !== 0) return;
    regions.fill(brain.regions.map(({ name }) => /** @type {[string, string]} */ ([name, name])));
    hold([]);
  });
  const fields = h("div", { class: "eg-row eg-bottom" }, regions.element, labelled("Neurons", slots));
  const element = h("div", {}, lasso.element, fields, h("div", { class: "eg-row" }, take, kill), state, answer.element);
  return { title: "Damage", element };
}
