import { domainToASCII } from "node:url";
import { isLocalhost } from "./urls.ts";

/** The server that mail is handed to. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /**
   * `implicit`: from the first byte. `required`: by STARTTLS, and nothing is sent before, whatever the server says it can. `none`: on this
   * machine, or where the operator says so.
   */
  readonly tls: "implicit" | "required" | "none";
  readonly login: { readonly user: string; readonly password: string } | undefined;
}

const PORT_IMPLICIT_TLS = 465;
const PORT_SUBMISSION = 587;

/** `smtps://user:password@host:465`, `smtp://host`, `smtp://host?tls=none`. Undefined unless it is one. */
export function parseSmtpUrl(written: string): SmtpServer | undefined {
  if (!/^smtps?:\/\/[^\s/?#]+\/?(\?tls=none)?$/.test(written) || !URL.canParse(written)) return undefined;
  const url = new URL(written);
  const [host, login] = [hostOf(url), loginOf(url)];
  if (host === "" || login === "malformed") return undefined;
  const isImplicit = url.protocol === "smtps:";
  const isClear = url.search !== "" || (!isImplicit && isLocalhost(written));
  if (isImplicit && url.search !== "") return undefined;
  const port = url.port === "" ? (isImplicit ? PORT_IMPLICIT_TLS : PORT_SUBMISSION) : Number(url.port);
  return { host, port, tls: isImplicit ? "implicit" : isClear ? "none" : "required", login };
}

function hostOf({ hostname }: URL): string {
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  return domainToASCII(decode(hostname) ?? "");
}

function loginOf({ username, password }: URL): SmtpServer["login"] | "malformed" {
  if (username === "" && password === "") return undefined;
  const [user, secret] = [decode(username), decode(password)];
  return user === undefined || secret === undefined ? "malformed" : { user, password: secret };
}

function decode(written: string): string | undefined {
  try {
    return decodeURIComponent(written);
  } catch {
    return undefined;
  }
}
