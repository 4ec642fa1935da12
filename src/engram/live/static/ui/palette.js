/** Colours of regions and lines, apart for all kinds of colour vision (after Okabe & Ito). */

const DARK = ["#56b4e9", "#e69f00", "#2fc79a", "#f0e442", "#d98bb8", "#ff7f50", "#a3a8ff"];
const LIGHT = ["#0072b2", "#a85a00", "#00795a", "#7d7000", "#a8477e", "#c2410c", "#5146c7"];

/** Dashes tell the eighth line from the first. */
export const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

/** @param {number} index @param {boolean} dark */
export const lineColour = (index, dark) => (dark ? DARK : LIGHT)[index % DARK.length];

/** @param {number} index */
export const lineDash = (index) => DASHES[Math.floor(index / DARK.length) % DASHES.length];
