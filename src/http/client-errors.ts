import { type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { errorTable } from "../core/errors.ts";
import type { SecurityHeaders } from "./browsers/security-headers.ts";
import type { UnfinishedAnswers } from "./unfinished-answers.ts";

/** An answer that is given below Fastify, to bytes that never become a request. */
interface ClientError {
  readonly status: 400 | 408 | 417 | 431;
  readonly problem: string;
}

const tooSlow: ClientError = { status: 408, problem: "Took too long to arrive." };
const headersTooLarge: ClientError = { status: 431, problem: "Has headers that are larger than 16 kB." };
const notHttp: ClientError = { status: 400, problem: "Is not well-formed HTTP." };
const unknownExpectation: ClientError = { status: 417, problem: "Expects something else than 100-continue." };

/**
 * For Node's event `clientError`, by the codes of its documentation. Nothing is said on a connection that is gone, nor on one where a
 * request before is still to be answered: that one was not refused.
 */
export function createClientErrorHandler(headers: SecurityHeaders, answersOf: () => Pick<UnfinishedAnswers, "isOwed" | "isGiven">) {
  return (error: Error & { code?: string }, socket: Duplex): void => {
    const { isOwed, isGiven } = answersOf();
    // Node has requests begin whose Transfer-Encoding it refuses afterwards.
    if (isGiven(socket)) {
      socket.end(() => socket.destroy());
      return;
    }
    const isHeard = error.code !== "ECONNRESET" && socket.writable && !isOwed(socket);
    if (isHeard) socket.write(writeAnswer(clientErrorOf(error.code), headers));
    socket.destroy(error);
  };
}

function clientErrorOf(code: string | undefined): ClientError {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return tooSlow;
  return code === "HPE_HEADER_OVERFLOW" ? headersTooLarge : notHttp;
}

/** Node would answer such a request by itself, with nothing but a status. */
export function refuseExpectations(server: Server, headers: SecurityHeaders): void {
  server.on("checkExpectation", (_request, response) => {
    const body = bodyOf(unknownExpectation);
    response.writeHead(unknownExpectation.status, fieldsOf(body, headers)).end(body);
  });
}

function writeAnswer(error: ClientError, headers: SecurityHeaders): string {
  const body = bodyOf(error);
  return `${writeHead(error.status, fieldsOf(body, headers))}${body}`;
}

function fieldsOf(body: string, headers: SecurityHeaders) {
  return { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(body), connection: "close" };
}

/** The first line and the header fields of an answer that is written by hand. */
export function writeHead(status: number, fields: Readonly<Record<string, string | number>>): string {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`)];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** The body in the shape of GraphQL over HTTP, as answers to later refusals have it. */
function bodyOf({ problem }: ClientError): string {
  const extensions = { code: "BAD_USER_INPUT", fields: { request: [problem] } };
  return JSON.stringify({ errors: [{ message: errorTable.BAD_USER_INPUT.message, extensions }] });
}
