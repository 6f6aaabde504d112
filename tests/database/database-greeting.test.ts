import { createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { openSoleConnection } from "../../src/database/sole-connection.ts";
import { splitMessages } from "../support/wires/split-messages.ts";

const PASSWORD = "hunter2-of-the-database";

let stranger: Server;
let received = "";
afterEach(() => {
  stranger.close();
});

function authentication(kind: number, text = ""): Buffer {
  const message = Buffer.alloc(9 + text.length);
  message.write("R");
  message.writeUInt32BE(8 + text.length, 1);
  message.writeUInt32BE(kind, 5);
  message.write(text, 9);
  return message;
}

/** Speaks no TLS, says the first message to whoever begins, and then what `answer` makes of each message. */
async function pretend(first: Buffer, answer: (message: string) => Buffer | undefined): Promise<string> {
  received = "";
  stranger = createServer((socket: Socket) => {
    const read = splitMessages((message) => {
      const reply = answer(message.toString("latin1"));
      if (reply !== undefined) socket.write(reply);
    });
    read(Buffer.alloc(0));
    let begun = 0;
    socket
      .on("error", () => undefined)
      .on("data", (chunk) => {
        received += chunk.toString("latin1");
        begun += 1;
        if (begun === 1) socket.write("N");
        else if (begun === 2) socket.write(first);
        else read(chunk);
      });
  });
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  const bound = stranger.address();
  return `postgres://a:${PASSWORD}@127.0.0.1:${typeof bound === "object" ? bound?.port : ""}/auth`;
}

async function failureAt(url: string): Promise<unknown> {
  const { sql, close } = openSoleConnection(url, { applicationName: "a test" });
  const failure = await sql`select 1`.then(
    () => undefined,
    (error: unknown) => error,
  );
  close();
  return failure;
}

test.each(["0", "1000001", "9999999", "-1", "many"])("a database that asks for %s rounds of SCRAM is refused", async (rounds) => {
  const url = await pretend(authentication(10, "SCRAM-SHA-256\0\0"), (message) => {
    const nonce = /r=([^,]+)$/.exec(message)?.[1];
    return authentication(11, `r=${nonce}more,s=c2FsdA==,i=${rounds}`);
  });
  expect(await failureAt(url)).toMatchObject({ name: "DatabaseProtocolError", message: "The database's challenge is not for us." });
});

test.each([
  ["without a kind", Buffer.from("R\0\0\0\x06\0\0", "latin1")],
  ["for MD5 without its salt", authentication(5, "ab")],
])("a request for a proof %s is refused", async (_what, first) => {
  const url = await pretend(first, () => undefined);
  expect(await failureAt(url)).toMatchObject({ name: "DatabaseProtocolError" });
  expect(received).not.toContain(PASSWORD);
});

test.each([
  ["the password itself", 3, "", "scram-sha-256"],
  ["the password itself", 3, "", "!password,!md5"],
  ["MD5", 5, "salt", "scram-sha-256"],
  ["nothing", 0, "", "scram-sha-256,md5"],
])("a database that asks for %s is sent nothing where require_auth does not accept it", async (_what, kind, text, accepted) => {
  const url = await pretend(authentication(kind, text), () => undefined);
  expect(await failureAt(`${url}?require_auth=${accepted}`)).toMatchObject({
    name: "DatabaseProtocolError",
    message: expect.stringContaining("require_auth"),
  });
  expect(received).not.toContain(PASSWORD);
  expect(received).not.toContain("md5");
});
