import type { PubSub } from "type-graphql";

function refuse(): never {
  throw new Error("subscriptions have sources of their own");
}

/** The library wants one as soon as there is a subscription, also where every subscription has its own source. */
export const noPubSub: PubSub = { publish: refuse, subscribe: refuse };
