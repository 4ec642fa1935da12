/** Fields and buttons with labels, and errors in the words of the brain. */

import { fresh, h, say } from "./dom.js";

/** @param {string} words @param {() => any} action @param {Record<string, any>} [properties] */
export function button(words, action, properties = {}) {
  return h("button", { type: "button", class: "eg-button", onclick: action, ...properties }, words);
}

/** A field under its label. @param {string} words @param {any} field @param {string} [hint] */
export function labelled(words, field, hint) {
  const id = field.id || (field.id = fresh("field"));
  return h("div", { class: "eg-field" }, h("label", { for: id, title: hint }, words), field);
}

/**
 * @param {string} words label @param {(value: string) => void} [changed]
 * @returns {{element: any, select: any, fill: (options: [string, string][]) => void}}
 */
export function chooser(words, changed = () => {}) {
  const select = h("select", { class: "eg-select", onchange: () => changed(select.value) });
  let before = "";
  const fill = (/** @type {[string, string][]} */ options) => {
    const key = JSON.stringify(options);
    if (key === before) return;
    before = key;
    const value = select.value;
    select.replaceChildren(...options.map(([v, text]) => h("option", { value: v }, text)));
    if (options.some(([v]) => v === value)) select.value = value;
  };
  return { element: labelled(words, select), select, fill };
}

/**
 * A slider that says its value.
 * @param {string} words @param {{min: number, max: number, step: number, value: number, unit?: string}} range
 * @param {(value: number) => void} [changed] @param {(value: number) => string} [show]
 */
export function slider(words, range, changed = () => {}, show = (x) => String(x)) {
  const { min, max, step, value, unit = "" } = range;
  const output = h("output", { class: "eg-value" });
  const input = h("input", { type: "range", class: "eg-range", min, max, step, value });
  const write = () => {
    const text = show(Number(input.value)) + (unit && ` ${unit}`);
    say(output, text);
    input.setAttribute("aria-valuetext", text);
  };
  input.addEventListener("input", () => {
    write();
    changed(Number(input.value));
  });
  write();
  const element = labelled(words, input);
  element.classList.add("eg-field-slider");
  element.append(output);
  return { element, input, write };
}

/** @param {string} words @param {boolean} on @param {(on: boolean) => any} changed @param {string} [hint] */
export function toggle(words, on, changed, hint) {
  const input = h("input", { type: "checkbox", role: "switch", checked: on, onchange: () => changed(input.checked) });
  const element = h("label", { class: "eg-switch", title: hint }, input, h("span", { class: "eg-switch-knob" }), h("span", {}, words));
  return { element, input };
}

/** A choice of a few, as a row of buttons. @param {string} words @param {[string, string][]} options @param {(value: string) => void} changed */
export function segments(words, options, changed) {
  const name = fresh("segments");
  const inputs = options.map(([value]) =>
    h("input", { type: "radio", name, value, id: fresh("segment"), onchange: () => changed(value) }),
  );
  const element = h(
    "fieldset",
    { class: "eg-segments" },
    h("legend", { class: "eg-hidden" }, words),
    ...inputs.map((input, k) => h("span", {}, input, h("label", { for: input.id }, options[k][1]))),
  );
  const set = (/** @type {string} */ value) => inputs.forEach((input) => (input.checked = input.value === value));
  return { element, set };
}

/** A line for the answer of the brain: an error, or that it is done. */
export class Answer {
  constructor() {
    this.element = h("p", { class: "eg-answer", role: "status" });
  }

  /** Await a command, and show its error here. @template T @param {Promise<T>} command @param {(result: T) => string} [words] */
  async show(command, words = () => "") {
    try {
      const result = await command;
      this.element.classList.remove("eg-error");
      say(this.element, words(result));
      return result;
    } catch (error) {
      this.element.classList.add("eg-error");
      say(this.element, /** @type {Error} */ (error).message);
      return null;
    }
  }

  clear() {
    this.element.classList.remove("eg-error");
    say(this.element, "");
  }
}
