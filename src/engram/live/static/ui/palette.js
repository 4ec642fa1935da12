/** Colours of regions and lines, apart for all kinds of colour vision (after Okabe & Ito).
 *  The hues stand in the order of engram.plots, so that a region looks alike on the page and on paper. */

const DARK = ["#4f9be8", "#ff7f50", "#2fc79a", "#d98bb8", "#e69f00", "#8fd3f7", "#b8bfcc"];
const LIGHT = ["#0072b2", "#c65300", "#00795a", "#a8477e", "#a86a00", "#2f8fcc", "#555555"];

/** Dashes tell the eighth line from the first. */
export const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

/** @param {number} index @param {boolean} dark */
export const lineColour = (index, dark) => (dark ? DARK : LIGHT)[index % DARK.length];

/** @param {number} index */
export const lineDash = (index) => DASHES[Math.floor(index / DARK.length) % DASHES.length];
