/** Switches of mechanisms, and their parameters; errors stand at the field. */

import { h } from "../ui/dom.js";
import { Answer, chooser, labelled, toggle } from "../ui/fields.js";
import { brief } from "../ui/format.js";

const BOUNDLESS = 1e9;

/** @typedef {import("../app.js").App} App */

/** @param {App} app */
export function switchesControl(app) {
  const bank = h("div", { class: "eg-switches" });
  const answer = new Answer();
  let key = "";

  function one(/** @type {{name: string, on: boolean, doc: string}} */ { name, on, doc }) {
    const flip = async (/** @type {boolean} */ wanted) => {
      if ((await answer.show(app.command("switch", { name, on: wanted }))) === null) input.checked = !wanted;
    };
    const { element, input } = toggle(name.replaceAll("_", " "), on, flip, doc);
    input.name = name;
    return element;
  }

  app.session.on("settings", (brain) => {
    const now = JSON.stringify(brain.settings.switches);
    if (brain.number !== 0 || now === key) return;
    key = now;
    const focused = bank.contains(document.activeElement) ? document.activeElement.name : "";
    bank.replaceChildren(...brain.settings.switches.map(one));
    if (focused) bank.querySelector(`[name="${focused}"]`)?.focus();
  });
  return { title: "Mechanisms", element: h("div", {}, bank, answer.element) };
}

/** @param {App} app */
export function parametersControl(app) {
  const parts = chooser("Of", () => list());
  const bank = h("div", { class: "eg-parameters" });
  let key = "";

  function list() {
    const all = app.session.brain?.settings.parts ?? [];
    const part = all.find((/** @type {any} */ p) => p.part === parts.select.value);
    const now = JSON.stringify(part ?? null);
    // A field that is being written in is left alone.
    const busy = bank.contains(document.activeElement) && bank.dataset.part === part?.part;
    if (now === key || busy) return;
    key = now;
    bank.dataset.part = part?.part ?? "";
    bank.replaceChildren(...(part?.parameters ?? []).map((/** @type {any} */ p) => parameter(app, part.part, p)));
  }

  app.session.on("settings", (brain) => {
    if (brain.number !== 0) return;
    parts.fill(brain.settings.parts.map((/** @type {any} */ p) => /** @type {[string, string]} */ ([p.part, p.title])));
    list();
  });
  return { title: "Parameters", element: h("div", {}, parts.element, bank) };
}

/** One parameter: a field of its kind, what it means, its range, and the answer to a change. */
function parameter(/** @type {App} */ app, /** @type {string} */ part, /** @type {any} */ of) {
  const { name, unit, doc } = of;
  const answer = new Answer();
  const words = name.replaceAll("_", " ") + (unit ? ` (${unit})` : "");
  const hint = [doc, rangeOf(of), `by default ${of.default}`].filter(Boolean).join("; ");
  const { element, input } = fieldOf(of, words, hint, async (wanted) => {
    const told = ({ value }) => `It is ${typeof value === "number" ? brief(value) : value} now.`;
    const result = await answer.show(app.command("set", { part, name, value: wanted }), told);
    input.setAttribute("aria-invalid", String(result === null));
  });
  return h("div", { class: "eg-parameter", "data-name": name }, element, h("p", { class: "eg-quiet" }, hint), answer.element);
}

/** Bounds in words; those so far away that nobody meets them are left out. @param {any} of */
function rangeOf({ low, high, open_low }) {
  const [least, most] = [low, high].map((x) => (x === null || Math.abs(x) >= BOUNDLESS ? null : x));
  if (least === null) return most === null ? "" : `${most} or less`;
  if (most === null) return open_low ? `above ${least}` : `${least} or more`;
  return open_low ? `above ${least}, to ${most}` : `from ${least} to ${most}`;
}

/** @returns {{element: any, input: any}} */
function fieldOf(
  /** @type {any} */ { name, value, kind, choices },
  /** @type {string} */ words,
  /** @type {string} */ hint,
  /** @type {(value: any) => void} */ send,
) {
  if (kind === "flag") return toggle(words, value, send, hint);
  if (kind === "choice") {
    const options = choices.map((/** @type {string} */ c) => h("option", { value: c, selected: c === value }, c));
    const input = h("select", { class: "eg-select", onchange: () => send(input.value) }, ...options);
    return { element: labelled(words, input, hint), input };
  }
  const input = h("input", {
    class: "eg-input", inputmode: "decimal", value: String(value), name,
    onchange: () => send(numberOr(input.value)),
  });
  return { element: labelled(words, input, hint), input };
}

/** What is no number goes to the brain as it is, so that its own error says what is wrong. */
const numberOr = (/** @type {string} */ text) => (text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text));
