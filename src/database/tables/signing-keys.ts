import { jsonb, text } from "drizzle-orm/pg-core";
import { bytea, instant } from "../columns/column-types.ts";
import { authSchema } from "./auth-schema.ts";

/** A key signs from `signs_from` until the next key's; it verifies until the last token that it signed has expired. */
export const signingKeys = authSchema.table("signing_keys", {
  /** RFC 7638 thumbprint of the public key. */
  kid: text("kid").primaryKey(),
  algorithm: text("algorithm", { enum: ["ES256", "RS256"] }).notNull(),
  publicJwk: jsonb("public_jwk").$type<Record<string, unknown>>().notNull(),
  /** PKCS #8, encrypted by AES-256-GCM under a key derived from `SECRET`: nonce ‖ tag ‖ ciphertext. */
  encryptedPrivateKey: bytea("encrypted_private_key").notNull(),
  createdAt: instant("created_at").notNull(),
  signsFrom: instant("signs_from").notNull(),
});
