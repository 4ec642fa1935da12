/** Colours of the two themes, and how they change in sleep. Hues are those of Okabe & Ito. */

/** @param {string} hex "#rrggbb" @returns {number[]} */
export const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);

const DARK = {
  excites: "#ffc46b", inhibits: "#63b8f2", differs: "#ff7ad0", marks: "#ffffff", born: "#4fe0a8",
  lost: "#ff7f50", faint: "#8aa4c8", cool: "#5f7fc8",
  glutamate: "#e8a33d", gaba: "#56b4e9", dopamine: "#2fc79a", serotonin: "#d98bb8", acetylcholine: "#f0e442",
};

const LIGHT = {
  excites: "#8f4300", inhibits: "#005a9c", differs: "#b0187f", marks: "#101828", born: "#00835c",
  lost: "#c2410c", faint: "#66758c", cool: "#6b86bb",
  glutamate: "#c77700", gaba: "#2484bf", dopamine: "#00835c", serotonin: "#b05a8c", acetylcholine: "#8f8300",
};

/** @typedef {{dark: boolean, hex: Record<string, string>, colours: Record<string, number[]>, solid: number, rest: number}} Theme */

/** @param {boolean} dark @returns {Theme} */
export function theme(dark) {
  const hex = dark ? DARK : LIGHT;
  const colours = Object.fromEntries(Object.entries(hex).map(([name, value]) => [name, rgb(value)]));
  return { dark, hex, colours, solid: dark ? 0 : 1, rest: dark ? 0.3 : 0.72 };
}

/** The colours of neurons in sleep: cooler. @param {Theme} of @param {number} depth 0 to 1 */
export function asleep(of, depth) {
  if (depth < 0.004) return of.colours;
  const cool = of.colours.cool;
  const mix = (/** @type {number[]} */ c, /** @type {number} */ part) => c.map((x, k) => x + part * depth * (cool[k] - x));
  return { ...of.colours, excites: mix(of.colours.excites, 0.62), inhibits: mix(of.colours.inhibits, 0.45) };
}
