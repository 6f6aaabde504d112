/** A UUID as RFC 9562, section 4, writes it, of at least 32 hexadecimal digits; whether it has a version is not looked at. */
export function uuidOfHex(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
