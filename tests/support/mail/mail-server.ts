import { once } from "node:events";
import type { Socket } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A message that came whole, whatever the answer to it was. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** What the client called itself (EHLO). */
  readonly greetedAs: string;
  readonly raw: string;
  readonly parsed: ParsedMail;
}

/** What the server does with what comes; by default it takes everything. */
export interface MailServerBehaviour {
  /** The answer to RCPT, such as 550; undefined takes it. */
  recipient?(address: string): number | undefined;
  /** The answer to a whole message; `drop` cuts the connection instead. Not answered before it settles. */
  message?(mail: ReceivedMail): Promise<number | "drop" | undefined> | number | "drop" | undefined;
}

export interface MailServer {
  readonly url: string;
  readonly port: number;
  behaviour: MailServerBehaviour;
  /** In the order in which they came. */
  readonly received: readonly ReceivedMail[];
  /** Those that the client was told are taken. */
  readonly taken: readonly ReceivedMail[];
  close(): Promise<void>;
}

/** A real SMTP server on a socket. Without certificate and passwords unless the options bring them. */
export async function startMailServer(options: SMTPServerOptions & { port?: number } = {}): Promise<MailServer> {
  const { port: wantedPort = 0, ...rest } = options;
  const sockets = new Set<Socket>();
  const received: ReceivedMail[] = [];
  const taken: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: options.cert === undefined ? ["STARTTLS"] : [],
    disableReverseLookup: true,
    ...rest,
    onRcptTo({ address }, _session, done) {
      const code = mailServer.behaviour.recipient?.(address);
      done(code === undefined ? null : refusal(code));
    },
    onData(stream, session, done) {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        const raw = Buffer.concat(chunks);
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        const to = rcptTo.map(({ address }) => address);
        const mail = { from, to, greetedAs: session.hostNameAppearsAs || "", raw: raw.toString(), parsed: await simpleParser(raw) };
        received.push(mail);
        const answer = await mailServer.behaviour.message?.(mail);
        if (answer === "drop") return void [...sockets].find(({ remotePort }) => remotePort === session.remotePort)?.destroy();
        if (answer === undefined) taken.push(mail);
        done(answer === undefined ? null : refusal(answer));
      })();
    },
  });
  server.on("error", () => undefined);
  server.server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const listening = server.listen(wantedPort, "127.0.0.1");
  await once(listening, "listening");
  const address = listening.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const mailServer: MailServer = {
    url: `smtp://127.0.0.1:${port}`,
    port,
    behaviour: {},
    received,
    taken,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(resolve));
    },
  };
  return mailServer;
}

/** As servers word it, with the address in it. */
function refusal(responseCode: number): Error {
  return Object.assign(new Error("secret words of the server about <ada@example.com>"), { responseCode });
}
