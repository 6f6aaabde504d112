import { isIP } from "node:net";
import { describeDevice } from "../core/describe-device.ts";
import type { MailContent } from "../outbox/mail-templates.ts";

/** What is told, by the name of its placeholder. */
export type ToldFacts = Readonly<Record<string, string>>;

/** How each fact is told. Strangers have a say in some of them, so of those only what cannot lead anybody anywhere. */
const tellers: Readonly<Record<string, (fact: string) => readonly [name: string, told: string]>> = {
  link: (link) => ["link", link],
  code: (code) => ["code", code],
  newEmail: (address) => ["newEmail", maskAddress(address)],
  undoUntil: (instant) => ["undoUntil", describeInstant(instant)],
  at: (instant) => ["at", describeInstant(instant)],
  erasureAt: (instant) => ["erasureAt", describeInstant(instant)],
  userAgent: (userAgent) => ["device", describeDevice(userAgent)],
  ipAddress: (address) => ["ipAddress", isIP(address) === 0 || address.includes("%") ? "(not known)" : address],
};

export function tellFacts({ facts }: MailContent): ToldFacts {
  const told = Object.entries<unknown>(facts).flatMap(([name, fact]) => {
    const tell = Object.hasOwn(tellers, name) ? tellers[name] : undefined;
    return tell === undefined || fact === undefined ? [] : [tell(String(fact))];
  });
  return Object.fromEntries(told);
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
