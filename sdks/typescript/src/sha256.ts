/**
 * SHA-256 (FIPS 180-4), here because the platform's own answers with a promise, and a split is
 * chosen without waiting.
 */

const K = new Uint32Array(64);
const H = new Uint32Array(8);

// The constants are the first 32 bits of the fractions of roots of the first primes.
for (let candidate = 2, found = 0; found < 64; candidate += 1) {
  let prime = true;
  for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) prime &&= candidate % divisor !== 0;
  if (!prime) continue;
  const fraction = (root: number) => Math.floor((root - Math.floor(root)) * 2 ** 32);
  if (found < 8) H[found] = fraction(Math.sqrt(candidate));
  K[found] = fraction(Math.cbrt(candidate));
  found += 1;
}

const encoder = new TextEncoder();
const W = new Uint32Array(64);
/** Room for the texts that units are; longer ones get their own. */
const ROOM = new Uint8Array(1024);

/** The hash of a text, as eight numbers of 32 bits. */
export function sha256(text: string): Uint32Array {
  // A character has three bytes at most, and the end of the last block takes up to 72 more.
  const bytes = text.length * 3 + 72 <= ROOM.length ? ROOM : new Uint8Array(text.length * 3 + 72);
  const { written } = encoder.encodeInto(text, bytes);
  const end = ((written + 72) >> 6) << 6;
  bytes.fill(0, written, end);
  bytes[written] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(end - 8, Math.floor(written / 2 ** 29));
  view.setUint32(end - 4, written << 3);
  const hash = H.slice();
  for (let block = 0; block < end; block += 64) compress(hash, view, block);
  return hash;
}

function compress(hash: Uint32Array, view: DataView, block: number): void {
  for (let i = 0; i < 16; i += 1) W[i] = view.getUint32(block + i * 4);
  for (let i = 16; i < 64; i += 1) {
    const x = W[i - 15]!;
    const y = W[i - 2]!;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[i] = W[i - 16]! + s0 + W[i - 7]! + s1;
  }
  let a = hash[0]!;
  let b = hash[1]!;
  let c = hash[2]!;
  let d = hash[3]!;
  let e = hash[4]!;
  let f = hash[5]!;
  let g = hash[6]!;
  let h = hash[7]!;
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + W[i]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  hash[0] = hash[0]! + a;
  hash[1] = hash[1]! + b;
  hash[2] = hash[2]! + c;
  hash[3] = hash[3]! + d;
  hash[4] = hash[4]! + e;
  hash[5] = hash[5]! + f;
  hash[6] = hash[6]! + g;
  hash[7] = hash[7]! + h;
}
