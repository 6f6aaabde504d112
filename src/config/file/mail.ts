import { z } from "zod";
import { type Mailbox, parseMailbox } from "../values/mailboxes.ts";
import { isLocalhost, isPlainHttp } from "../values/urls.ts";
import { filePath } from "./connection-settings.ts";
import type { YamlProblem } from "./yaml.ts";
import { parseSection } from "./yaml-section.ts";

const linkNames = ["verifyEmail", "resetPassword", "confirmEmailChange", "undoEmailChange"] as const;
const noticeNames = ["new_device", "password_changed", "email_changed", "token_reused"] as const;

type LinkName = (typeof linkNames)[number] | "forgottenPassword";
type NoticeName = (typeof noticeNames)[number];

/** What is said of mail, beside how it is sent. */
export interface MailSettings {
  /** A folder with the operator's own words for some messages. */
  readonly templatesDirectory: string | undefined;
  /** Undefined: MAIL_FROM says it. */
  readonly from: Mailbox | undefined;
  /** The operator's own pages, with `{token}` where the token goes; ours where there are none. */
  readonly links: Readonly<Partial<Record<LinkName, string | undefined>>>;
  /** Messages that only inform, less those that are turned off. */
  readonly notices: ReadonlySet<NoticeName>;
}

const example =
  'mail: { templates: ./mail, links: { verifyEmail: "https://app.example.com/verify#token={token}" }, notices: { new_device: false } }';
const PLACEHOLDER = "{token}";

const from = z.string("must be an address, or Name <address>.").transform((written, context) => {
  const mailbox = parseMailbox(written);
  if (mailbox !== undefined) return mailbox;
  context.addIssue("must be an address, or Name <address>.");
  return z.NEVER;
});
const page = z.string("must be a URL.");
const tokenPage = page
  .refine((written) => written.split(PLACEHOLDER).length === 2, "must have {token} exactly once: there the token goes.")
  .refine(isPage, "must be an http:// or https:// URL without credentials, with {token} after the host.");
const plainPage = page
  .refine(isPage, "must be an http:// or https:// URL without credentials.")
  .refine((written) => !written.includes(PLACEHOLDER), "must not have {token}: nothing has been asked for yet.");
const notice = z.boolean("must be true or false.").default(true);

const links = z
  .strictObject(
    {
      verifyEmail: tokenPage.optional(),
      resetPassword: tokenPage.optional(),
      confirmEmailChange: tokenPage.optional(),
      undoEmailChange: tokenPage.optional(),
      forgottenPassword: plainPage.optional(),
    },
    `must be a mapping with the keys ${[...linkNames, "forgottenPassword"].join(", ")}.`,
  )
  .default({});

const notices = z
  .strictObject(
    { new_device: notice, password_changed: notice, email_changed: notice, token_reused: notice },
    `must be a mapping with the keys ${noticeNames.join(", ")}.`,
  )
  .prefault({});

const mail = z.strictObject(
  { templates: filePath.optional(), from: from.optional(), links, notices },
  "must be a mapping with the keys templates, from, links and notices.",
);

/** The `mail` section. What is in the templates is for whoever reads them. */
export function parseMail(
  content: unknown,
  { inProduction }: { readonly inProduction: boolean },
): { mail: MailSettings; problems: YamlProblem[] } {
  const { value = mail.parse({}), problems } = parseSection({ name: "mail", content, example }, mail);
  const isExposed = (url: string) => isPlainHttp(url) && !isLocalhost(url);
  const exposed = Object.entries(value.links).filter(([, url]) => inProduction && url !== undefined && isExposed(url));
  const inClear = exposed.map(([name]) => ({
    at: `mail.links.${name}`,
    problem: "must be https:// in production, unless it is localhost.",
    example,
  }));
  return {
    mail: {
      templatesDirectory: value.templates,
      from: value.from,
      links: value.links,
      notices: new Set(noticeNames.filter((name) => value.notices[name])),
    },
    problems: [...problems, ...inClear],
  };
}

/** Looked at as written: `new URL` would forgive backslashes, spaces and line breaks. */
function isPage(written: string): boolean {
  if (!/^https?:\/\/[^/?#@\\\s<>"{}]+([/?#][^\s<>"\\]*)?$/i.test(written)) return false;
  return URL.canParse(written.replace(PLACEHOLDER, "token"));
}
