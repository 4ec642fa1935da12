/** Save and load; record a film. */

import { h, say } from "../ui/dom.js";
import { Answer, button, chooser, labelled, toggle } from "../ui/fields.js";
import { size, whole } from "../ui/format.js";

/** @param {import("../app.js").App} app */
export function storeControl(app) {
  const name = h("input", { class: "eg-input eg-wide", value: "my_brain", maxlength: 100 });
  const over = toggle("Replace a file of that name", false, () => {});
  const files = chooser("File");
  const answer = new Answer();
  const keep = () => {
    const command = app.command("save", { name: name.value, overwrite: over.input.checked });
    answer.show(command, (r) => `Saved ${r.name}, ${size(r.bytes)}.`);
  };
  const take = () => answer.show(app.command("load", { name: files.select.value }), () => "Loaded.");
  const save = button("Save", keep, { "data-do": "save" });
  const load = button("Load", take, { "data-do": "load" });

  async function list() {
    if (app.session.state !== "connected") return;
    const found = await app.command("files").catch(() => ({ brains: [] }));
    files.fill(found.brains.map((/** @type {any} */ f) => [f.name, `${f.name} (${size(f.bytes)})`]));
    load.disabled = !found.brains.length || !app.session.hello.owned;
  }
  app.session.on("structure", (brain) => brain.number === 0 && list());
  app.session.on("event", (_, event) => event.event === "saved" && list());
  const bottom = h("div", { class: "eg-row eg-bottom" }, files.element, load);
  return { title: "Save and load", element: h("div", {}, labelled("Name", name), over.element, save, bottom, answer.element) };
}

/** @param {import("../app.js").App} app */
export function filmControl(app) {
  const name = h("input", { class: "eg-input eg-wide", value: "my_brain.html", maxlength: 100 });
  const over = toggle("Replace a file of that name", false, () => {});
  const answer = new Answer();
  const state = h("p", { class: "eg-quiet" });
  const begin = () => answer.show(app.command("record", { name: name.value, overwrite: over.input.checked }));
  const end = () => answer.show(app.command("stop_record"), (r) => `${r.name}: ${whole(r.frames)} frames, ${size(r.bytes)}.`);
  const record = button("Record", begin, { "data-do": "record" });
  const stop = button("Stop", end, { "data-do": "stop_record" });
  const update = (/** @type {string|null} */ of) => {
    record.disabled = of !== null;
    stop.disabled = of === null;
    say(state, of ? `Recording ${of}.` : "A film plays without Python: .html by itself, .film on the page /player.");
  };
  update(null);
  app.session.on("settings", (brain) => brain.number === 0 && update(brain.settings.recording ?? null));
  app.session.on("event", (_, event) => event.event === "recording" && update(event.name));
  const row = h("div", { class: "eg-row" }, record, stop);
  return { title: "Record a film", element: h("div", {}, labelled("Name", name), over.element, row, state, answer.element) };
}
