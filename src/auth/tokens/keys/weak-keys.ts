export const MINIMUM_RSA_BITS = 2048;

/** The odd primes up to 167, whose product divides what the moduli of ROCA were made from (CVE-2017-15361). */
const rocaPrimes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
  149, 151, 157, 163, 167,
];

/** What is wrong with a public RSA key in JWK form; undefined: nothing, or it is no RSA key. */
export function rsaWeakness({ kty, n, e }: { readonly kty?: unknown; readonly n?: unknown; readonly e?: unknown }): string | undefined {
  if (kty !== "RSA") return undefined;
  const [modulus, exponent] = [readNumber(n), readNumber(e)];
  if (modulus === undefined || exponent === undefined) return "has no modulus or no exponent";
  const bits = modulus.toString(2).length;
  if (bits < MINIMUM_RSA_BITS) return `has ${bits} bits; at least ${MINIMUM_RSA_BITS} are needed`;
  // With 1 every signature is the message itself; an even one has no inverse.
  if (exponent < 3n || exponent % 2n === 0n) return "has an exponent that is 1 or even";
  if (modulus % 2n === 0n) return "has an even modulus";
  return isOfRoca(modulus) ? "has a modulus of the ROCA kind (CVE-2017-15361), which can be factored" : undefined;
}

/** Modulo each of these primes it is a power of 65537, which one in 2^27 other moduli is by chance. */
function isOfRoca(modulus: bigint): boolean {
  return rocaPrimes.every((prime) => powersOf65537(prime).has(Number(modulus % BigInt(prime))));
}

function powersOf65537(prime: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * 65_537) % prime) powers.add(power);
  return powers;
}

function readNumber(text: unknown): bigint | undefined {
  if (typeof text !== "string" || !/^[\w-]+$/.test(text)) return undefined;
  const digits = Buffer.from(text, "base64url").toString("hex");
  return digits === "" ? undefined : BigInt(`0x${digits}`);
}
