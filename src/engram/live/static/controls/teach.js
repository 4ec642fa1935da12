/** Reward and punishment by target, sleep and waking. */

import { h, say } from "../ui/dom.js";
import { Answer, button, chooser, labelled, slider } from "../ui/fields.js";
import { many } from "../ui/format.js";

/** @param {import("../app.js").App} app */
export function teachControl(app) {
  const targets = chooser("At");
  const amount = slider("Amount", { min: 0.1, max: 10, step: 0.1, value: 2 }, () => {}, (x) => x.toFixed(1));
  const answer = new Answer();
  const give = (/** @type {string} */ what) => {
    const values = { amount: Number(amount.input.value), target: targets.select.value || null };
    answer.show(app.command(what, values), ({ targets: reached }) => `Reached ${many(reached.length, "pathway")}.`);
  };
  app.session.on("structure", (brain) => {
    if (brain.number !== 0) return;
    const labels = brain.pathways.filter(({ rewardable }) => rewardable).map(({ label }) => label);
    targets.fill([["", "all that learn by reward"], ...labels.map((l) => /** @type {[string, string]} */ ([l, l]))]);
  });
  const buttons = [
    button("Reward", () => give("reward"), { class: "eg-button eg-good", "data-do": "reward" }),
    button("Punish", () => give("punish"), { class: "eg-button eg-bad", "data-do": "punish" }),
  ];
  const element = h("div", {}, targets.element, amount.element, h("div", { class: "eg-row" }, ...buttons), answer.element);
  return { title: "Reward and punish", element };
}

/** @param {import("../app.js").App} app */
export function sleepControl(app) {
  const seconds = h("input", { type: "number", class: "eg-input", min: 0.1, step: 0.5, value: "5" });
  const answer = new Answer();
  const state = h("p", { class: "eg-quiet" });
  const goToSleep = () => answer.show(app.command("sleep", { duration: 1000 * Number(seconds.value) }));
  const wakeUp = () => answer.show(app.command("wake"), ({ replays }) => `Awake after ${many(replays, "replay")}.`);
  app.session.on("frame", (brain, frame) => {
    if (brain.number === 0) say(state, frame.asleep ? "The brain is asleep." : "The brain is awake.");
  });
  const buttons = [button("Sleep", goToSleep, { "data-do": "sleep" }), button("Wake", wakeUp, { "data-do": "wake" })];
  const element = h("div", {}, state, labelled("For (s, simulated)", seconds), h("div", { class: "eg-row" }, ...buttons), answer.element);
  return { title: "Sleep", element };
}
