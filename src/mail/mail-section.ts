import { z } from "zod";
import type { LinkName, LinkOverrides } from "../auth/users/account-links.ts";
import { parseMailbox } from "../config/values/mailboxes.ts";
import { filePath, flag, HTTP_PATTERN, isTooOpen, mapping, tooOpen } from "../config/values/schemas.ts";
import type { Section, Surroundings } from "../config/values/section.ts";
import { type Notice, notices } from "../outbox/mail-templates.ts";

const PLACEHOLDER = "{token}";

const fromProblem = "must be an address, or Name <address>.";
const from = z.string(fromProblem).transform((written, context) => {
  const mailbox = parseMailbox(written);
  if (mailbox !== undefined) return mailbox;
  context.addIssue(fromProblem);
  return z.NEVER;
});

const page = z.string("must be a URL.");
const pagePattern = `${HTTP_PATTERN}[^/?#@\\\\\\s<>"{}]+([/?#][^\\s<>"\\\\]*)?$`;

/** Keys of the room, with what is to be said of each. */
function links(surroundings: Surroundings) {
  const tokenPage = page
    .refine((written) => written.split(PLACEHOLDER).length === 2, "must have {token} exactly once: there the token goes.")
    .refine(isPage, "must be an http:// or https:// URL without credentials, with {token} after the host.")
    .refine((written) => !isTooOpen(written, surroundings), tooOpen)
    .meta({ pattern: pagePattern, allOf: [{ pattern: "^([^{]|\\{(?!token\\}))*\\{token\\}([^{]|\\{(?!token\\}))*$" }] });
  const plainPage = page
    .refine(isPage, "must be an http:// or https:// URL without credentials.")
    .refine((written) => !written.includes(PLACEHOLDER), "must not have {token}: nothing has been asked for yet.")
    .refine((written) => !isTooOpen(written, surroundings), tooOpen)
    .meta({ pattern: pagePattern, not: { pattern: "\\{token\\}" } });
  const pages = {
    verifyEmail: tokenPage.optional().describe("Where a new account's address is verified."),
    resetPassword: tokenPage.optional().describe("Where a new password is set."),
    confirmEmailChange: tokenPage.optional().describe("Where a new address is confirmed."),
    undoEmailChange: tokenPage.optional().describe("Where a change of address is undone."),
    forgottenPassword: plainPage.optional().describe("Where a new password is asked for; it takes no token."),
  } satisfies Record<LinkName | "forgottenPassword", z.ZodType>;
  return mapping(pages, `must be a mapping with the keys ${Object.keys(pages).join(", ")}.`).transform((written): LinkOverrides => written);
}

const notice = flag.prefault(true);
const noticeSettings = {
  new_device: notice.describe("Somebody has signed in from a device that was not seen before."),
  password_changed: notice.describe("The password was changed."),
  email_changed: notice.describe("The address was changed; to the old one, with a link that undoes it."),
  token_reused: notice.describe("A session was ended because an old refresh token was used again."),
} satisfies Record<Notice, z.ZodType>;

/** What is in the templates is for whoever reads them. */
export const mailSection = {
  example:
    'mail: { templates: ./mail, links: { verifyEmail: "https://app.example.com/verify#token={token}" }, notices: { new_device: false } }',
  schema: (surroundings: Surroundings) =>
    mapping(
      {
        templates: filePath(surroundings).optional().describe("A folder with your own words for some messages, relative to this file."),
        from: from.optional().describe("Whom mail is from where MAIL_FROM is not set: an address, or Name <address>."),
        links: links(surroundings).prefault({}).describe("Your own pages, with {token} where the token goes; ours where there are none."),
        notices: mapping(noticeSettings, `must be a mapping with the keys ${notices.join(", ")}.`)
          .prefault({})
          .describe("Messages that only inform; all are sent unless you say false."),
      },
      "must be a mapping with the keys templates, from, links and notices.",
    )
      .transform(({ templates, notices: wanted, ...others }) => ({
        ...others,
        /** A folder with the operator's own words for some messages. */
        templatesDirectory: templates,
        /** Messages that only inform, less those that are turned off. */
        notices: new Set(notices.filter((name) => wanted[name])),
      }))
      .prefault({})
      .describe("What messages say, and where their links lead. See docs/guides/mail.md."),
} satisfies Section;

/** Looked at as written: `new URL` would forgive backslashes, spaces and line breaks. */
function isPage(written: string): boolean {
  if (!/^https?:\/\/[^/?#@\\\s<>"{}]+([/?#][^\s<>"\\]*)?$/i.test(written)) return false;
  return URL.canParse(written.replace(PLACEHOLDER, "token"));
}
