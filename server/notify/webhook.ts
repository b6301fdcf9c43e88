/**
 * Posts a notification to a URL. The one place that calls `fetch`. Bounded in every direction: a time
 * limit, no redirects (one could lead to an inside address), and not a byte of the answer's body is kept.
 */
import type { Clock } from "../../core/clock.ts";
import { wordsOf } from "../../core/errors.ts";
import { seconds } from "../../core/time.ts";
import type { WebhookConfiguration } from "../configuration.ts";
import type { DeliveryOutcome, NotificationChannel, NotificationMessage } from "./channel.ts";

/** A receiver that has not answered by then counts as failed and is tried again. */
export const WEBHOOK_TIMEOUT = seconds(5);

export function createWebhook(
  clock: Clock,
  configuration: WebhookConfiguration,
): NotificationChannel {
  const { id, from, url } = configuration;
  return {
    id,
    from,
    deliver: (message, signal) => post(clock, url, message, signal),
  };
}

async function post(
  clock: Clock,
  url: string,
  message: NotificationMessage,
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  const timeout = new AbortController();
  const cancel = clock.after(WEBHOOK_TIMEOUT, () => timeout.abort());
  try {
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        "user-agent": "lamplighter",
        "idempotency-key": message.id,
      },
      body: message.body,
      signal: AbortSignal.any([signal, timeout.signal]),
    });
    await response.body?.cancel();
    return outcomeOf(response.status);
  } catch (error) {
    if (timeout.signal.aborted) {
      return { kind: "failed", detail: `timeout ${WEBHOOK_TIMEOUT} ms` };
    }
    return { kind: "failed", detail: causeOf(error) };
  } finally {
    cancel();
  }
}

function outcomeOf(status: number): DeliveryOutcome {
  const detail = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { kind: "delivered", detail };
  if (status >= 300 && status < 400) {
    return { kind: "refused", detail: `${detail} · redirectNotFollowed` };
  }
  const mayHelp = status >= 500 || status === 408 || status === 425 || status === 429;
  return mayHelp ? { kind: "failed", detail } : { kind: "refused", detail };
}

/** `fetch` says "fetch failed" and hides the reason in its cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return wordsOf(cause ?? error).slice(0, 200);
}
