import type { FastifyInstance, FastifyReply } from "fastify";

/**
 * For answers that nobody should render, frame, sniff or keep (RFC 6749, section 5.1: tokens are `no-store`). What other origins may
 * read is for CORS to say: the resource policy only stops requests that do not ask.
 */
const onEveryAnswer = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** ASVS 3.4.1: a year, and all hosts below. */
const STRICT_TRANSPORT = "max-age=31536000; includeSubDomains";

/** The sources of the parts of Apollo Sandbox's page; the page itself allows only scripts with its nonce. */
const sandboxPolicy = [
  "default-src 'none'",
  "script-src 'unsafe-inline' https://embeddable-sandbox.cdn.apollographql.com https://apollo-server-landing-page.cdn.apollographql.com",
  "style-src 'unsafe-inline' https://embeddable-sandbox.cdn.apollographql.com https://apollo-server-landing-page.cdn.apollographql.com https://fonts.googleapis.com",
  "font-src https://fonts.gstatic.com",
  "img-src https://apollo-server-landing-page.cdn.apollographql.com",
  "manifest-src https://apollo-server-landing-page.cdn.apollographql.com",
  "frame-src https://sandbox.embed.apollographql.com",
  // The frame asks the page to send its operations.
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export type SecurityHeaders = Readonly<Record<string, string>>;
export type SetSecurityHeaders = (reply: FastifyReply) => void;

/** Fixed: working them out for each answer, as @fastify/helmet does, costs more than sending them. */
export function chooseSecurityHeaders({ isOverHttps }: { isOverHttps: boolean }): SecurityHeaders {
  return isOverHttps ? { ...onEveryAnswer, "strict-transport-security": STRICT_TRANSPORT } : onEveryAnswer;
}

export function createSecurityHeaders(headers: SecurityHeaders): SetSecurityHeaders {
  return (reply) => void reply.headers(headers);
}

/** The page that a browser gets instead of an answer. */
export function allowSandbox(app: FastifyInstance): void {
  app.addHook("onSend", (request, reply, payload, done) => {
    const isPage = String(reply.getHeader("content-type")).startsWith("text/html");
    if (isPage && request.routeOptions.url === "/graphql") reply.header("content-security-policy", sandboxPolicy);
    done(null, payload);
  });
}
