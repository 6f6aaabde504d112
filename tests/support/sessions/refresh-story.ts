import type fc from "fast-check";
import { LogoutDocument, RefreshDocument } from "../../generated/operations.ts";
import { codesOf, dataOf } from "../client.ts";
import type { TestGateway } from "../gateway.ts";
import { type Answer, logOut, openWorld, type Presentation, type World, worldsAfter } from "./refresh-model.ts";

/*
 * What happens to one session: its owner and a thief refresh, one after the other or both at once. Every answer has to be the model's.
 */

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/** Where from, and as which client that counts. */
export const places = {
  home: { client: "A", headers: { "x-forwarded-for": "203.0.113.7", "user-agent": FIREFOX } },
  updated: { client: "A", headers: { "x-forwarded-for": "203.0.113.250", "user-agent": FIREFOX.replaceAll("140", "141") } },
  train: { client: "B", headers: { "x-forwarded-for": "198.51.100.20", "user-agent": FIREFOX } },
  elsewhere: { client: "C", headers: { "x-forwarded-for": "192.0.2.66", "user-agent": "curl/8.14.1" } },
};

export type Place = keyof typeof places;

/** A token that somebody holds, and the key that is stored beside it. */
interface Copy {
  readonly generation: number;
  key?: string | undefined;
}

export type Who = "owner" | "thief";

export interface Use {
  readonly who: Who;
  /** Which token: the newest, or one that was held before. */
  readonly behind: number;
  /** `kept`: stored before it is sent, hence the same in a retry. `own`: of this one call. `other`: of another token, or guessed. */
  readonly key: "kept" | "own" | "other" | "none";
  readonly place: Place;
  /** Whether the answer gets lost on the way. */
  readonly isLost: boolean;
}

/** What the model knows. */
export interface Story {
  /** More than one where nothing yet has told which of two calls at once came first. */
  worlds: readonly World[];
  /** Oldest first. */
  readonly held: Record<Who, Copy[]>;
  readonly answers: Answer[];
  keys: number;
}

/** The session on the server. */
export interface Played {
  readonly gateway: TestGateway;
  readonly sessionId: string;
  /** By generation. */
  readonly tokens: string[];
  readonly accessTokens: string[];
}

export async function openStory(gateway: TestGateway, email: string): Promise<{ model: Story; real: Played }> {
  const at = gateway.clock.now().getTime();
  const { session, accessToken, refreshToken } = await gateway.login(email);
  return {
    model: { worlds: [openWorld(at)], held: { owner: [{ generation: 0 }], thief: [] }, answers: [], keys: 0 },
    real: { gateway, sessionId: session.id, tokens: [refreshToken ?? ""], accessTokens: [accessToken] },
  };
}

async function send(real: Played, token: string, { key, place }: { key?: string | undefined; place: Place }) {
  const input = { refreshToken: token, ...(key !== undefined && { retryKey: key }) };
  const reply = await real.gateway.send(RefreshDocument, { input }, { headers: places[place].headers });
  const [error] = reply.errors;
  if (error === undefined) return dataOf(reply).refresh;
  return [error.extensions.code, error.extensions.endReason].filter((fact) => fact !== undefined).join(" ");
}

async function ask(real: Played, generation: number, sent: { key: string | undefined; place: Place }): Promise<Answer> {
  const answer = await send(real, real.tokens[generation] ?? "", sent);
  if (typeof answer === "string") return answer;
  real.accessTokens.push(answer.accessToken);
  const known = real.tokens.indexOf(answer.refreshToken ?? "");
  if (known >= 0) return known;
  const next = generation + 1;
  if (real.tokens[next] !== undefined) return `a second successor of ${generation}`;
  real.tokens[next] = answer.refreshToken ?? "";
  return next;
}

function copyFor({ held }: Story, { who, behind }: Use): Copy {
  const copy = held[who].at(-1 - Math.min(behind, held[who].length - 1));
  if (copy === undefined) throw new Error(`The ${who} holds nothing.`);
  return copy;
}

function keyFor(story: Story, use: Use): string | undefined {
  const copy = copyFor(story, use);
  const fresh = () => {
    story.keys += 1;
    return `a-key-of-one-refresh-${story.keys}`;
  };
  if (use.key === "none") return undefined;
  if (use.key === "own") return fresh();
  if (use.key === "other")
    return (
      story.held[use.who].findLast(({ key, generation }) => key !== undefined && generation !== copy.generation)?.key ??
      "a-guessed-key-0123456789"
    );
  copy.key ??= fresh();
  return copy.key;
}

/** One, or several at once. */
export async function refresh(story: Story, real: Played, uses: readonly Use[]): Promise<Answer[]> {
  const at = real.gateway.clock.now().getTime();
  const sent = uses.map((use) => ({ use, generation: copyFor(story, use).generation, key: keyFor(story, use) }));
  const answers = await Promise.all(sent.map(({ use, generation, key }) => ask(real, generation, { key, place: use.place })));
  const presented = sent.map(({ use, ...rest }): Presentation => ({ ...rest, isGenuine: true, client: places[use.place].client, at }));
  judgeAnswers(story, presented, answers);
  for (const [index, { who, isLost }] of uses.entries()) {
    const answer = answers[index] ?? "";
    story.answers.push(answer);
    if (typeof answer === "number" && !isLost && story.held[who].at(-1)?.generation !== answer)
      story.held[who].push({ generation: answer });
  }
  return answers;
}

function judgeAnswers(story: Story, presented: readonly Presentation[], answers: readonly Answer[]): void {
  const worlds = worldsAfter(story.worlds, presented, answers);
  if (worlds.length === 0)
    throw new Error(`Of ${JSON.stringify(story.worlds)} the model has another answer than ${JSON.stringify({ presented, answers })}`);
  story.worlds = worlds;
}

export type Command = fc.AsyncCommand<Story, Played>;

/** One more call after the end is enough. */
const goesOn = ({ answers }: Story) => answers.filter((answer) => String(answer).startsWith("SESSION_ENDED")).length < 2;

const describeUse = ({ who, behind, key, place, isLost }: Use) =>
  `${who} refreshes ${behind > 0 ? `with a token ${behind} before, ` : ""}from ${place}, key: ${key}` +
  (isLost ? ", and gets no answer" : "");

export const refreshing = (...uses: readonly Use[]): Command => ({
  check: (story) => goesOn(story) && uses.every(({ who }) => story.held[who].length > 0),
  async run(story, real) {
    await refresh(story, real, uses);
  },
  toString: () => uses.map(describeUse).join("; at once "),
});

/** One after the other, whatever happens in between. */
export const inTurn = (...commands: readonly Command[]): Command => ({
  check: (story) => commands.every((command) => command.check(story)),
  async run(story, real) {
    for (const command of commands) await command.run(story, real);
  },
  toString: () => commands.join("; then "),
});

/** A client that works, at the place where it always is. */
export const goingOn = (times: number): Command => ({
  check: goesOn,
  async run(story, real) {
    for (let round = 0; round < times; round += 1) {
      await refresh(story, real, [{ who: "owner", behind: 0, key: "kept", place: "home", isLost: false }]);
    }
  },
  toString: () => `owner refreshes ${times} times`,
});

/** The thief copies what the owner holds. A key is there only while no answer has come. */
export const stealing = (withKey: boolean): Command => ({
  check: () => true,
  async run({ held }) {
    const { generation, key } = held.owner.at(-1) ?? { generation: 0 };
    held.thief.push({ generation, key: withKey ? key : undefined });
  },
  toString: () => `thief copies the token${withKey ? " and the key beside it" : ""}`,
});

export const waiting = (milliseconds: number): Command => ({
  check: () => true,
  async run(_story, { gateway }) {
    gateway.clock.advance(milliseconds / 1000);
  },
  toString: () => `${milliseconds} ms pass`,
});

/** With one part of the token made up. Only who knows the family secret has held a token of the session. */
export const forging = (part: "user" | "session" | "family" | "generation"): Command => ({
  check: () => true,
  async run(story, real) {
    const first = { user: 0, session: 16, family: 32, generation: 64 }[part];
    const bytes = Buffer.from((real.tokens.at(-1) ?? "").slice("rt2_".length), "base64url");
    const forged = `rt2_${bytes.fill(7, first, first + (part === "session" || part === "user" ? 6 : 32)).toString("base64url")}`;
    const answer = await send(real, forged, { place: "elsewhere" });
    if (typeof answer !== "string") throw new Error("A forged token was taken.");
    const at = real.gateway.clock.now().getTime();
    const presented = { generation: -1, isGenuine: part === "generation", key: undefined, client: "C", at };
    judgeAnswers(story, [presented], [answer]);
  },
  toString: () => `somebody makes up the ${part} of a token`,
});

export const loggingOut: Command = {
  check: () => true,
  async run(story, real) {
    const at = real.gateway.clock.now().getTime();
    const reply = await real.gateway.send(LogoutDocument, { input: { refreshToken: real.tokens.at(-1) ?? "" } });
    if (codesOf(reply).length > 0) throw new Error(`Logging out failed: ${reply.text}`);
    story.worlds = story.worlds.map((world) => logOut(world, at));
  },
  toString: () => "owner logs out",
};
