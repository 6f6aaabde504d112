/** Base64 without padding and without anything else, as PHC strings have it. Undefined for any other text, or another length. */
export function decodeBase64(text: string, { minimum, maximum }: { minimum: number; maximum: number }): Buffer | undefined {
  if (!/^[A-Za-z0-9+/]*$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64");
  if (bytes.length < minimum || bytes.length > maximum) return undefined;
  // What Node.js skips or rounds off would not come back.
  return bytes.toString("base64").replace(/=+$/, "") === text ? bytes : undefined;
}
