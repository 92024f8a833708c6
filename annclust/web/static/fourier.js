/** The fast Fourier transform of small squares of numbers, whose side is a power of two. Pure. */

/**
 * Transforms rows, then columns, in place.
 * @param {Float64Array} real n × n
 * @param {Float64Array} imaginary n × n
 * @param {number} n a power of two
 * @param {boolean} [inverse] without the division by n²
 */
export function transformSquare(real, imaginary, n, inverse = false) {
  const turns = makeTurns(n, inverse);
  for (let row = 0; row < n; row += 1) transformLine(real, imaginary, row * n, 1, n, turns);
  for (let column = 0; column < n; column += 1) transformLine(real, imaginary, column, n, n, turns);
}

function makeTurns(n, inverse) {
  const sign = inverse ? 2 : -2;
  const angle = (k) => (sign * Math.PI * k) / n;
  const half = Array.from({ length: n / 2 }, (_, k) => angle(k));
  return { cos: Float64Array.from(half, Math.cos), sin: Float64Array.from(half, Math.sin) };
}

/** Cooley and Tukey (1965), radix 2, in place. */
function transformLine(real, imaginary, start, step, n, turns) {
  reverseBits(real, imaginary, start, step, n);
  for (let size = 2; size <= n; size *= 2) {
    for (let block = 0; block < n; block += size) {
      butterflies(real, imaginary, start + block * step, step, size, n / size, turns);
    }
  }
}

function butterflies(real, imaginary, start, step, size, stride, { cos, sin }) {
  const half = size / 2;
  for (let k = 0; k < half; k += 1) {
    const even = start + k * step;
    const odd = even + half * step;
    const [c, s] = [cos[k * stride], sin[k * stride]];
    const re = real[odd] * c - imaginary[odd] * s;
    const im = real[odd] * s + imaginary[odd] * c;
    real[odd] = real[even] - re;
    imaginary[odd] = imaginary[even] - im;
    real[even] += re;
    imaginary[even] += im;
  }
}

function reverseBits(real, imaginary, start, step, n) {
  for (let i = 1, j = 0; i < n; i += 1) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) exchange(real, imaginary, start + i * step, start + j * step);
  }
}

function exchange(real, imaginary, one, other) {
  [real[one], real[other]] = [real[other], real[one]];
  [imaginary[one], imaginary[other]] = [imaginary[other], imaginary[one]];
}
