import { Webhook } from "standardwebhooks";
import { Agent, request } from "undici";
import type { Clock } from "../core/clock.ts";
import type { Deliver, Delivery } from "../outbox/delivery.ts";
import type { WebhookCall } from "../outbox/outbox-messages.ts";

export interface WebhookDelivery {
  /** One attempt. A URL that is no longer configured is told nothing more. */
  readonly deliver: Deliver<WebhookCall>;
  close(): Promise<void>;
}

export interface WebhookEndpoint {
  readonly url: string;
  /** `whsec_…`, newest first. */
  readonly secrets: readonly string[];
}

export interface WebhookDeliveryOptions {
  readonly endpoints: readonly WebhookEndpoint[];
  /** The time for one attempt, from connecting to the end of the answer. */
  readonly timeoutMilliseconds: number;
}

/** The most bytes that are read of an answer, which is of no use. A longer one closes the connection. */
const MAXIMUM_ANSWER_BYTES = 64 * 1024;
const GONE = 410;

/**
 * Standard Webhooks: signed anew at each attempt, because receivers refuse old timestamps. Redirects are not followed: they lead where
 * nobody configured.
 */
export function createWebhookDelivery({ clock }: { clock: Clock }, options: WebhookDeliveryOptions): WebhookDelivery {
  const { endpoints, timeoutMilliseconds } = options;
  const signersByUrl = new Map(endpoints.map(({ url, secrets }) => [url, secrets.map((secret) => new Webhook(secret))]));
  const dispatcher = new Agent({ connections: 4 });

  async function post({ url, body }: WebhookCall, headers: Record<string, string>, signal: AbortSignal): Promise<number> {
    const answer = await request(url, { method: "POST", headers, body, dispatcher, signal });
    // The status is the answer, however the rest of it goes.
    await answer.body.dump({ limit: MAXIMUM_ANSWER_BYTES, signal }).catch(() => undefined);
    return answer.statusCode;
  }

  return {
    async deliver(call, { id, signal }) {
      const signers = signersByUrl.get(call.url);
      if (signers === undefined) return { kind: "never", problem: "no longer configured" };
      const now = clock();
      const headers = {
        "content-type": "application/json",
        "user-agent": "graphql-auth-gateway",
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
        "webhook-signature": signers.map((signer) => signer.sign(id, now, call.body)).join(" "),
      };
      try {
        return judge(await post(call, headers, AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)])));
      } catch (error) {
        return { kind: "later", problem: describeFailure(error) };
      }
    },
    close: () => dispatcher.destroy(),
  };
}

function judge(status: number): Delivery {
  if (status >= 200 && status < 300) return { kind: "sent" };
  // The receiver's way to say that it wants no more of these.
  return { kind: status === GONE ? "never" : "later", problem: `HTTP ${status}` };
}

function describeFailure(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  if (name === "TimeoutError") return "no answer in time";
  return name === "AbortError" ? "cut off" : "out of reach";
}
