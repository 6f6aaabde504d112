import type { FastifyInstance } from "fastify";
import { refuse } from "../errors.ts";
import { type AllowedOrigins, isForeignPage } from "./allowed-origins.ts";

/**
 * Where a cookie signs a request, browsers add it to requests of other pages, too (of other hosts of the same site even with
 * `SameSite=Strict`), and an answer may replace it. That such a page has to ask first, and is told no, is left to the browser and to
 * the content type; this is the second lock, and needs neither. GET changes nothing, and people follow links.
 */
export function refuseForeignPages(app: FastifyInstance, allowed: AllowedOrigins): void {
  app.addHook("onRequest", (request, reply, done) => {
    if (request.method !== "POST" || !isForeignPage(request.headers, allowed)) return done();
    return refuse(reply, { status: 403, problem: "Comes from a page that may not call; its origin belongs into CORS_ORIGINS." });
  });
}
