import type { Logger } from "pino";
import type { AuthOptions } from "../auth/auth.ts";
import type { OtherIssuerParts } from "../auth/tokens/other-issuers/other-issuers.ts";
import type { Config } from "../config/config.ts";
import { isLocalhost } from "../config/values/urls.ts";
import { problemOf } from "../telemetry/logger.ts";

/** The configuration has judged the addresses that it names; a discovery document may name others. */
export function chooseOtherIssuers({ issuers, environment }: Pick<Config, "issuers" | "environment">): AuthOptions["otherIssuers"] {
  const takesPlainHttp = (url: URL) => environment === "development" || isLocalhost(url.href);
  return { issuers, mayAsk: (url) => url.protocol === "https:" || (url.protocol === "http:" && takesPlainHttp(url)) };
}

export function logIssuerChange(logger: Logger): OtherIssuerParts["onIssuerChange"] {
  return ({ issuer, error }) => {
    if (error === undefined) logger.info({ issuer }, "the keys of another issuer are back");
    else
      logger.warn(
        { problem: problemOf(error), issuer },
        "the keys of another issuer are out of reach; its tokens are good for as long as those known are",
      );
  };
}
