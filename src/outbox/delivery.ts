import type { Mail, Message, WebhookCall } from "./outbox-messages.ts";

/** The outcome of one attempt. `problem` is in our words, without addresses and without the other side's words. */
export type Delivery =
  | { readonly kind: "sent" }
  /** There is nothing to send it with: it is kept to be shown. */
  | { readonly kind: "kept" }
  /** The other side is out of reach, or asks to come back. */
  | { readonly kind: "later"; readonly problem: string }
  /** The other side will never take it. */
  | { readonly kind: "never"; readonly problem: string };

export interface DeliveryContext {
  /** The id of the message: the same at each attempt, so that a receiver recognizes a repetition. */
  readonly id: string;
  readonly createdAt: Date;
  /** Aborted when there is no more time for it. */
  readonly signal: AbortSignal;
}

/** One attempt to hand a message over. What it throws counts as `later`. */
export type Deliver<Kind extends Message = Message> = (message: Kind, context: DeliveryContext) => Promise<Delivery>;

/** Messages of a channel that is not in here wait until it is, or for ever. */
export interface Deliverers {
  readonly email?: Deliver<Mail>;
  readonly webhook?: Deliver<WebhookCall>;
}
