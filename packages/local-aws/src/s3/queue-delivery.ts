import { setTimeout } from 'node:timers/promises';
import type { S3EventMessage } from './event-messages';

const ATTEMPTS = 5;
const PAUSE_MILLISECONDS = 100;

/**
 * Two calls do not need an SDK, which takes longer to load than this server to start. The endpoint is a local
 * one: it reads the scope of the signature, and checks none.
 */
async function callSqs(endpoint: string, action: string, input: object): Promise<unknown> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AmazonSQS.${action}`,
      authorization:
        'AWS4-HMAC-SHA256 Credential=s3/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(input),
  });
  const answer = await response.text();
  if (response.ok) return JSON.parse(answer);
  throw new Error(`SQS refused ${action} with ${response.status}: ${answer}`);
}

/**
 * Sends event messages to the queues of an SQS endpoint, in the order in which things happened. S3 answers
 * its caller first and delivers afterwards; so do we.
 */
export class QueueDelivery {
  readonly #endpoint: string | undefined;
  #last: Promise<void> = Promise.resolve();
  #closing = false;
  readonly #urls = new Map<string, string>();
  /** Messages that no attempt could deliver, each with its reason. */
  readonly undelivered: (S3EventMessage & { readonly reason: string })[] = [];

  constructor(endpoint: string | undefined) {
    this.#endpoint = endpoint;
  }

  /** Why a queue cannot be sent to. Without an SQS endpoint every queue is taken to exist, and nothing is sent. */
  async problem(queueArn: string): Promise<string | undefined> {
    if (this.#endpoint === undefined) return undefined;
    try {
      await this.#queueUrl(this.#endpoint, queueArn);
      return undefined;
    } catch (error) {
      return String(error);
    }
  }

  send(messages: readonly S3EventMessage[]): void {
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return;
    for (const message of messages) this.#last = this.#last.then(() => this.#deliver(endpoint, message));
  }

  /** Lets what is on its way go out, once more and no more often. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#last;
  }

  async #deliver(endpoint: string, message: S3EventMessage): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const QueueUrl = await this.#queueUrl(endpoint, message.queueArn);
        await callSqs(endpoint, 'SendMessage', { QueueUrl, MessageBody: message.body });
        return;
      } catch (error) {
        if (attempt === ATTEMPTS || this.#closing) {
          this.undelivered.push({ ...message, reason: String(error) });
          return;
        }
        await setTimeout(PAUSE_MILLISECONDS * attempt);
      }
    }
  }

  async #queueUrl(endpoint: string, queueArn: string): Promise<string> {
    const known = this.#urls.get(queueArn);
    if (known !== undefined) return known;
    const QueueName = queueArn.slice(queueArn.lastIndexOf(':') + 1);
    const { QueueUrl } = (await callSqs(endpoint, 'GetQueueUrl', { QueueName })) as { QueueUrl: string };
    this.#urls.set(queueArn, QueueUrl);
    return QueueUrl;
  }
}
