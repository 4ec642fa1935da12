/** Play, pause and seek in a film. */

import { h, say } from "../ui/dom.js";
import { button, segments } from "../ui/fields.js";
import { clock } from "../ui/format.js";

/** @param {import("../app.js").App} app */
export function filmTransport(app) {
  const film = app.session.source;
  const toggle = () => (film.playing ? film.pause() : film.play());
  const play = button("Play", toggle, { class: "eg-button eg-play", "data-do": "film-play" });
  const seek = h("input", {
    type: "range", class: "eg-range eg-rewind", min: 0, max: Math.max(1, film.length), step: 10, value: "0", "aria-label": "Where in the film",
    oninput: () => film.seek(Number(seek.value)),
  });
  const when = h("output", { class: "eg-value eg-when" });
  const rates = segments("Speed of the film", [["0.25", "¼"], ["1", "1×"], ["2", "2×"], ["4", "4×"]], (value) => (film.rate = Number(value)));
  rates.set("1");
  film.onMove = () => {
    say(play, film.playing ? "Pause" : "Play");
    play.classList.toggle("eg-playing", film.playing);
    const words = `${clock(film.now)} of ${clock(film.length)}`;
    say(when, words);
    seek.value = String(film.now);
    seek.setAttribute("aria-valuetext", words);
  };
  const element = h(
    "div",
    { class: "eg-transport", role: "toolbar", "aria-label": "Playing the film" },
    h("div", { class: "eg-transport-row" }, play, seek, when, rates.element),
  );
  return { element, toggle, step: () => film.seek(film.now + 40) };
}
