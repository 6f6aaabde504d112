import { setTimeout as sleep } from "node:timers/promises";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { LoginDocument, LogoutDocument, RefreshDocument, RegisterDocument, SetUserRolesDocument } from "../../generated/operations.ts";
import { createClient } from "../client.ts";
import type { Ledger } from "./ledger.ts";

const PASSWORD = "a long walk by the sea";
const RETRY_MILLISECONDS = 50;
const ROTATIONS_PER_SESSION = 8;

export interface MixedLoad {
  /** Resolves when every caller has finished what it was at, or given it up. Rejects for an answer that must never be. */
  stop(): Promise<void>;
  /** Throws once a caller has given up, for an answer that must never be. */
  check(): void;
}

export interface MixedLoadOptions {
  /** Where the server is now. */
  readonly url: () => string;
  readonly ledger: Ledger;
  readonly callers: number;
  /** The access token of an admin. */
  readonly adminToken: string;
  /** Told where there was no answer at all. */
  readonly onSilence?: (error: unknown) => void;
  /** Told where the answer was that nothing can be done now. */
  readonly onRefusal?: () => void;
}

/** Callers who register, sign in, refresh, log out and are given roles, and who ask again for what was not answered. */
export function startMixedLoad(options: MixedLoadOptions): MixedLoad {
  let isStopping = false;
  const callers = Array.from({ length: options.callers }, (_none, index) =>
    live(
      createCaller(options, () => isStopping),
      index,
    ),
  );
  let failure: { readonly error: unknown } | undefined;
  for (const caller of callers) caller.catch((error: unknown) => (failure ??= { error }));
  return {
    check() {
      if (failure !== undefined) throw failure.error;
    },
    async stop() {
      isStopping = true;
      await Promise.all(callers);
    },
  };
}

type Caller = ReturnType<typeof createCaller>;

function createCaller({ url, ledger, adminToken, onSilence, onRefusal }: MixedLoadOptions, isStopping: () => boolean) {
  /** Undefined: no answer, or that the server cannot answer now. */
  async function ask<Data, Variables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    token?: string,
  ): Promise<Data | undefined> {
    const reply = await createClient(url())
      .send(document, variables, { token })
      .catch((error: unknown) => onSilence?.(error));
    if (reply === undefined) return undefined;
    const code = reply.errors[0]?.extensions.code;
    if (code === undefined) return reply.data ?? undefined;
    // Nothing was done: on a machine with other work, hashes have to wait.
    if (code === "SERVICE_UNAVAILABLE" || code === "TOO_BUSY") {
      onRefusal?.();
      return undefined;
    }
    throw new Error(`An answer that must not be: ${reply.text}`);
  }

  async function until<Data>(work: () => Promise<Data | undefined>): Promise<Data | undefined> {
    while (!isStopping()) {
      const data = await work();
      if (data !== undefined) return data;
      await sleep(RETRY_MILLISECONDS);
    }
    return undefined;
  }

  return { ask, until, ledger, adminToken, isStopping };
}

async function live(caller: Caller, index: number): Promise<void> {
  const { ask, until, ledger, isStopping } = caller;
  for (let round = 0; !isStopping(); round += 1) {
    const email = `drill-${process.pid}-${performance.now()}-${index}-${round}@example.com`;
    // Not asked for again: its first try may have been written.
    const registration = await ask(RegisterDocument, { input: { email, password: PASSWORD } });
    if (registration === undefined) {
      await sleep(RETRY_MILLISECONDS);
      continue;
    }
    const { user, session, refreshToken } = registration.register;
    ledger.registered({ id: user.id, sessionId: session.id });
    await rotate(caller, { id: session.id, token: refreshToken ?? "" });
    const login = await until(() => ask(LoginDocument, { input: { email, password: PASSWORD } }));
    if (login === undefined) return;
    ledger.loggedIn(login.login.session);
    const last = await rotate(caller, { id: login.login.session.id, token: login.login.refreshToken ?? "" });
    const loggedOut = await until(() => ask(LogoutDocument, { input: { refreshToken: last } }));
    if (loggedOut !== undefined) ledger.loggedOut(login.login.session.id);
    await changeRoles(caller, user.id, round);
  }
}

/** As clients do it: what was not answered is asked for again with the same token. The last one given. */
async function rotate({ ask, until, ledger, isStopping }: Caller, session: { id: string; token: string }): Promise<string> {
  let { token } = session;
  for (let count = 0; count < ROTATIONS_PER_SESSION && !isStopping(); count += 1) {
    const spent = token;
    const answer = await until(() => ask(RefreshDocument, { input: { refreshToken: spent } }));
    if (answer === undefined) return token;
    token = answer.refresh.refreshToken ?? "";
    ledger.rotated(session.id, spent, token);
    if (count % 3 !== 0) continue;
    const retried = await until(() => ask(RefreshDocument, { input: { refreshToken: spent } }));
    if (retried !== undefined) ledger.rotated(session.id, spent, retried.refresh.refreshToken ?? "");
  }
  return token;
}

async function changeRoles({ ask, ledger, adminToken }: Caller, userId: string, round: number): Promise<void> {
  const roles = round % 2 === 0 ? ["user", "admin"] : ["user"];
  ledger.rolesSet(userId, undefined);
  const changed = await ask(SetUserRolesDocument, { userId, roles }, adminToken);
  if (changed?.setUserRoles != null) ledger.rolesSet(userId, changed.setUserRoles.roles);
}
