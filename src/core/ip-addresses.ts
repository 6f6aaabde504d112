import { isIP } from "node:net";

export type IpAddress =
  /** The address in its usual form: `192.0.2.1`. */
  | { readonly version: 4; readonly text: string }
  /** Eight of them. */
  | { readonly version: 6; readonly groups: readonly number[] };

/** One value for all spellings of an address; an IPv4 address is the same one also where it is written as an IPv6 address. */
export function parseIpAddress(address: string): IpAddress | undefined {
  if (isIP(address) === 4) return { version: 4, text: address };
  const groups = groupsOf(address);
  if (groups === undefined) return undefined;
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return isMapped
    ? {
        version: 4,
        text: groups
          .slice(6)
          .flatMap((group) => [group >> 8, group & 0xff])
          .join("."),
      }
    : { version: 6, groups };
}

/** The first so many 16 bits of an IPv6 address as a network; undefined for other addresses. */
export function ipv6NetworkOf(address: string, groups: 3 | 4): string | undefined {
  const parsed = parseIpAddress(address);
  if (parsed?.version !== 6) return undefined;
  const first = parsed.groups.slice(0, groups).map((group) => group.toString(16));
  return `${first.join(":")}::/${groups * 16}`;
}

/**
 * The network around an address, as a text to be compared: so many bytes of IPv4, so many times 16 bits of IPv6. Empty where there is none.
 */
export function networkPrefix(address: string | null, parts: 2 | 3): string {
  const parsed = address === null ? undefined : parseIpAddress(address);
  if (parsed === undefined) return "";
  return parsed.version === 4 ? parsed.text.split(".", parts).join(".") : parsed.groups.slice(0, parts).join(":");
}

/** The network that counts as one for turns and limits: of IPv6 the first 64 bits, since every household has all addresses below them. */
export function householdOf(address: string): string {
  const parsed = parseIpAddress(address);
  return parsed?.version === 4 ? parsed.text : (ipv6NetworkOf(address, 4) ?? address);
}

/** The eight groups of an IPv6 address. `URL` writes every spelling of one in the same way (RFC 5952). */
function groupsOf(address: string): number[] | undefined {
  const bare = address.split("%")[0] ?? "";
  if (isIP(bare) !== 6) return undefined;
  const [head = "", tail] = new URL(`http://[${bare}]/`).hostname.slice(1, -1).split("::");
  const before = parseGroups(head);
  const after = parseGroups(tail ?? "");
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function parseGroups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
