/** Branch: a twin that goes on beside the original. */

import { h } from "../ui/dom.js";
import { Answer, button, chooser } from "../ui/fields.js";

const WORDS = "A twin has the same future until the two are treated differently. Neurons that differ turn purple.";

/** @param {import("../app.js").App} app */
export function twinControl(app) {
  const answer = new Answer();
  const twins = () => [...app.session.brains.keys()].filter((k) => k > 0);
  const branch = button("Branch", () => answer.show(app.command("branch"), () => "A twin goes on beside."), { "data-do": "branch" });
  const drop = button("Let the twin go", () => answer.show(app.session.command("drop", { brain: Math.max(...twins()) })), { "data-do": "drop" });
  const who = chooser("Controls act on", (value) => (app.actsOn = Number(value)));
  const update = () => {
    const list = twins();
    drop.disabled = !list.length;
    who.element.hidden = !list.length;
    if (!list.includes(app.actsOn)) app.actsOn = 0;
    const names = list.map((k) => /** @type {[string, string]} */ ([String(k), list.length > 1 ? `twin ${k}` : "the twin"]));
    who.fill([["0", "the original"], ...names]);
    who.select.value = String(app.actsOn);
  };
  for (const name of ["structure", "gone", "hello"]) app.session.on(name, update);
  const row = h("div", { class: "eg-row" }, branch, drop);
  return { title: "Twin", element: h("div", {}, h("p", { class: "eg-quiet" }, WORDS), row, who.element, answer.element) };
}
