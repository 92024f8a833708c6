/** Colors of groups on the map: one hue for each, the same at every visit; what is alone is gray. Pure. */

/** The golden angle: neighbors in number are far apart in hue. */
const GOLDEN = 137.50776405003785;

const TONES = {
  dark: { lightness: [0.7, 0.78], chroma: 0.13, alone: [66, 68, 76], background: [14, 14, 16] },
  light: {
    lightness: [0.56, 0.64],
    chroma: 0.14,
    alone: [205, 207, 214],
    background: [250, 250, 251],
  },
};

/**
 * @param {Int32Array} groups the first photo of each point's group, or -1
 * @param {boolean} isDark
 * @returns {{colors: Uint32Array, background: number}} of each point, as canvas pixels
 */
export function pointColors(groups, isDark) {
  const tone = isDark ? TONES.dark : TONES.light;
  const known = new Map([[-1, pixel(tone.alone)]]);
  const colors = new Uint32Array(groups.length);
  for (let i = 0; i < groups.length; i += 1) {
    const group = groups[i];
    if (!known.has(group)) known.set(group, pixel(groupColor(group, tone)));
    colors[i] = known.get(group);
  }
  return { colors, background: pixel(tone.background) };
}

function groupColor(lead, { lightness, chroma }) {
  const hue = (lead * GOLDEN) % 360;
  return oklch(lightness[lead % 2], chroma, (hue * Math.PI) / 180);
}

/** Ottosson (2020), "A perceptual color space for image processing": equal lightness for every hue. */
function oklch(lightness, chroma, hue) {
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map(gamma);
}

function gamma(linear) {
  const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.max(0, Math.min(1, value)));
}

/** Canvas pixels are read as little-endian words on every machine that browsers run on. */
function pixel([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
