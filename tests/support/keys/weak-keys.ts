import { checkPrimeSync, generateKeyPairSync, randomBytes } from "node:crypto";

type PrivateJwk = Readonly<Record<"kty" | "n" | "e" | "d" | "p" | "q" | "dp" | "dq" | "qi", string>>;

const write = (value: bigint): string => {
  const digits = value.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex").toString("base64url");
};

function powerOf(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, factor, left] = [1n, base % modulus, exponent];
  for (; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}

function inverseOf(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % modulus) + modulus) % modulus;
}

/** A private key as it is written down, from its primes. */
function toJwk(p: bigint, q: bigint, e: bigint): PrivateJwk {
  const d = inverseOf(e, (p - 1n) * (q - 1n));
  const [dp, dq, qi] = [d % (p - 1n), d % (q - 1n), inverseOf(q, p)];
  const numbers = { n: p * q, e, d, p, q, dp, dq, qi };
  const written = Object.entries(numbers).map(([name, value]) => [name, write(value)]);
  return { kty: "RSA", ...Object.fromEntries(written) };
}

const primes = Array.from({ length: 165 }, (_, index) => BigInt(index + 3)).filter((candidate) => checkPrimeSync(candidate));

/** A prime as the chips of CVE-2017-15361 made them: k · M + 65537^a mod M. */
function weakPrime(): bigint {
  const product = primes.reduce((result, prime) => result * prime, 1n);
  const random = (bytes: number) => BigInt(`0x${randomBytes(bytes).toString("hex")}`);
  for (;;) {
    const candidate = ((random(101) | (3n << 806n)) * product + powerOf(65_537n, random(20), product)) | 0n;
    if (candidate.toString(2).length >= 1024 && checkPrimeSync(candidate)) return candidate;
  }
}

/** An RSA key of 2,048 bits or a few more whose modulus can be factored. */
export function rocaKey(): PrivateJwk {
  return toJwk(weakPrime(), weakPrime(), 65_537n);
}

export function smallKey(): PrivateJwk {
  return generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ format: "jwk" }) as unknown as PrivateJwk;
}
