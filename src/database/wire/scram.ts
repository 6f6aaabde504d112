import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { DatabaseProtocolError } from "./protocol-failure.ts";

const stretch = promisify(pbkdf2);
/** Half a second of a core. PostgreSQL's own are 4096; what is asked for goes on in its thread when nobody waits for it any more. */
const MAXIMUM_ITERATIONS = 1_000_000;
const HEADER_OF = { bound: "p=tls-server-end-point,,", unbound: "n,,", able: "y,," };

export interface ScramParts {
  readonly password: string;
  /** The hash of the server's certificate, where the exchange is to be bound to it. */
  readonly certificateHash: Buffer | undefined;
  /** We could bind and the server offers nothing of the kind: it hears so, and stops where somebody in between cut the offer out. */
  readonly isAbleToBind: boolean;
}

/** SCRAM-SHA-256 (RFC 5802, RFC 7677), from the client's side. */
export function createScram({ password, certificateHash, isAbleToBind }: ScramParts) {
  const nonce = randomBytes(18).toString("base64");
  const header = certificateHash !== undefined ? HEADER_OF.bound : isAbleToBind ? HEADER_OF.able : HEADER_OF.unbound;
  const binding = Buffer.concat([Buffer.from(header), certificateHash ?? Buffer.alloc(0)]).toString("base64");
  let serverSignature: Buffer | undefined;

  return {
    mechanism: certificateHash === undefined ? "SCRAM-SHA-256" : "SCRAM-SHA-256-PLUS",
    first: () => `${header}n=*,r=${nonce}`,
    async final(challenge: string): Promise<string> {
      const { r: fullNonce = "", s: salt = "", i: iterations = "" } = attributesOf(challenge);
      const rounds = /^\d{1,7}$/.test(iterations) ? Number(iterations) : 0;
      if (!fullNonce.startsWith(nonce) || rounds < 1 || rounds > MAXIMUM_ITERATIONS)
        throw new DatabaseProtocolError("The database's challenge is not for us.");
      const salted = await stretch(password.normalize("NFKC"), Buffer.from(salt, "base64"), rounds, 32, "sha256");
      const clientKey = hmac(salted, "Client Key");
      const withoutProof = `c=${binding},r=${fullNonce}`;
      const exchange = `n=*,r=${nonce},${challenge},${withoutProof}`;
      const signature = hmac(createHash("sha256").update(clientKey).digest(), exchange);
      serverSignature = hmac(hmac(salted, "Server Key"), exchange);
      return `${withoutProof},p=${xor(clientKey, signature).toString("base64")}`;
    },
    /** Throws unless the server knows the password too. */
    verify(outcome: string): void {
      const answered = Buffer.from(attributesOf(outcome).v ?? "", "base64");
      const isRight = serverSignature?.length === answered.length && timingSafeEqual(serverSignature, answered);
      if (!isRight) throw new DatabaseProtocolError("The database does not know the password that it asks for.");
    },
  };
}

function attributesOf(text: string): Record<string, string | undefined> {
  return Object.fromEntries(text.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)));
}
