/**
 * What docs/design/refresh-tokens.md promises of one session, without a secret, a hash or a row: a token is known by its generation, a
 * client by a letter.
 */
export interface World {
  /** Of the current token. */
  readonly generation: number;
  /** What made the current token. */
  readonly rotation?: { readonly at: number; readonly client: string; readonly key: string | undefined };
  /** The generation in which another client was last given the successor without a proof. */
  readonly followedIn?: number;
  readonly idleEndsAt: number;
  readonly endsAt: number;
  readonly endReason?: "REUSE_DETECTED" | "LOGOUT";
  /** What the audit trail has of it, in this order. */
  readonly events: readonly string[];
}

export interface Presentation {
  /** Of the token; one that never was has a negative one. */
  readonly generation: number;
  readonly isGenuine: boolean;
  readonly key: string | undefined;
  readonly client: string;
  readonly at: number;
}

/** The generation of the token that came back, or why none did. */
export type Answer = number | string;

interface Judged {
  readonly answer: Answer;
  readonly world: World;
}

export const GRACE = 30_000;
export const IDLE_LIFETIME = 3_600_000;
export const LIFETIME = IDLE_LIFETIME + 600_000;
const GENERATIONS_PER_FOLLOWER = 10;

export function openWorld(at: number): World {
  return { generation: 0, idleEndsAt: at + IDLE_LIFETIME, endsAt: at + LIFETIME, events: [] };
}

function endReasonOf(world: World, at: number): string | undefined {
  if (world.endReason !== undefined) return world.endReason;
  return at >= Math.min(world.idleEndsAt, world.endsAt) ? "EXPIRED" : undefined;
}

function judge(world: World, presented: Presentation): Judged {
  if (!presented.isGenuine) return { answer: "INVALID_REFRESH_TOKEN", world };
  const endReason = endReasonOf(world, presented.at);
  if (endReason !== undefined) return { answer: `SESSION_ENDED ${endReason}`, world };
  if (presented.generation === world.generation) return rotate(world, presented);
  const { rotation } = world;
  if (rotation === undefined || presented.generation !== world.generation - 1) return findReuse(world);
  if (presented.key !== undefined && presented.key === rotation.key) return retry(world);
  if (presented.at - rotation.at > GRACE) return findReuse(world);
  if (presented.client === rotation.client) return retry(world);
  const { followedIn = Number.NEGATIVE_INFINITY, generation } = world;
  return generation - followedIn < GENERATIONS_PER_FOLLOWER ? findReuse(world) : retry({ ...world, followedIn: generation });
}

function rotate(world: World, { at, client, key }: Presentation): Judged {
  const generation = world.generation + 1;
  const idleEndsAt = Math.min(at + IDLE_LIFETIME, world.endsAt);
  const events = [...world.events, "TOKEN_REFRESHED"];
  return { answer: generation, world: { ...world, generation, rotation: { at, client, key }, idleEndsAt, events } };
}

function retry(world: World): Judged {
  return { answer: world.generation, world: { ...world, events: [...world.events, "REFRESH_REPLAYED"] } };
}

function findReuse(world: World): Judged {
  const events = [...world.events, "REFRESH_REUSED"];
  return { answer: "REFRESH_TOKEN_REUSED", world: { ...world, endReason: "REUSE_DETECTED", events } };
}

export function logOut(world: World, at: number): World {
  if (endReasonOf(world, at) !== undefined) return world;
  return { ...world, endReason: "LOGOUT", events: [...world.events, "LOGOUT"] };
}

/** What may be true after one or two presentations at once, in either order, were answered so. Nothing: the answers are wrong. */
export function worldsAfter(worlds: readonly World[], presented: readonly Presentation[], answers: readonly Answer[]): World[] {
  const forwards = presented.map((presentation, index) => ({ presentation, answer: answers[index] }));
  const orders = presented.length === 1 ? [forwards] : [forwards, forwards.toReversed()];
  const possible = worlds.flatMap((world) =>
    orders.flatMap((order) => {
      let now = world;
      const fits = order.every(({ presentation, answer }) => {
        const judged = judge(now, presentation);
        now = judged.world;
        return judged.answer === answer;
      });
      return fits ? [now] : [];
    }),
  );
  return [...new Map(possible.map((world) => [JSON.stringify(world), world])).values()];
}
