/** Standard Webhooks: base64 of 24 to 64 bytes behind `whsec_`. */
export function isWebhookSecret(written: string): boolean {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(written) ?? [];
  if (encoded === undefined) return false;
  const bytes = Buffer.from(encoded, "base64");
  return bytes.length >= 24 && bytes.length <= 64 && bytes.toString("base64").replace(/=+$/, "") === encoded.replace(/=+$/, "");
}
