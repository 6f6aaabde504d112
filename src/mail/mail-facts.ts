import { isIP } from "node:net";
import { describeDevice } from "../core/describe-device.ts";
import type { MailContent } from "../outbox/mail-templates.ts";

/** The text of each fact, by the name of its placeholder. */
export type FactTexts = Readonly<Record<string, string>>;

/** How each fact is described. Strangers have a say in some of them, so of those only what cannot lead anybody anywhere. */
const describers: Readonly<Record<string, (fact: string) => readonly [name: string, text: string]>> = {
  link: (link) => ["link", link],
  code: (code) => ["code", code],
  newEmail: (address) => ["newEmail", maskAddress(address)],
  undoUntil: (instant) => ["undoUntil", describeInstant(instant)],
  at: (instant) => ["at", describeInstant(instant)],
  erasureAt: (instant) => ["erasureAt", describeInstant(instant)],
  userAgent: (userAgent) => ["device", describeDevice(userAgent)],
  ipAddress: (address) => ["ipAddress", isIP(address) === 0 || address.includes("%") ? "(not known)" : address],
};

export function describeFacts({ facts }: MailContent): FactTexts {
  const texts = Object.entries<unknown>(facts).flatMap(([name, fact]) => {
    const describe = Object.hasOwn(describers, name) ? describers[name] : undefined;
    return describe === undefined || fact === undefined ? [] : [describe(String(fact))];
  });
  return Object.fromEntries(texts);
}

const instants = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });

/** `27 November 2026 at 14:05 UTC`. */
function describeInstant(written: string): string {
  const instant = new Date(written);
  return Number.isNaN(instant.getTime()) ? "a time that is not known" : `${instants.format(instant)} UTC`;
}

/** `a…@example.com`: enough for whoever knows the address, and of what somebody else chose only the place. */
function maskAddress(address: string): string {
  const [, first, domain] = /^([\p{L}\p{N}])[^@]*@([\p{L}\p{N}.-]{1,253})$/u.exec(address) ?? [];
  return domain === undefined ? "(not shown)" : `${first}…@${domain}`;
}
