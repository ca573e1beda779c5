import type { SQSClient } from '@aws-sdk/client-sqs';
import type { S3EventMessage } from './notifications';

const ATTEMPTS = 5;
const PAUSE_MILLISECONDS = 100;

/**
 * Sends event messages to the queues of an SQS endpoint, in the order in which things happened. S3 answers
 * its caller first and delivers afterwards; so do we.
 */
export class QueueDelivery {
  readonly #endpoint: string | undefined;
  #client: Promise<SQSClient> | undefined;
  #last: Promise<void> = Promise.resolve();
  readonly #urls = new Map<string, string>();
  /** Messages that no attempt could deliver, each with its reason. */
  readonly undelivered: (S3EventMessage & { readonly reason: string })[] = [];

  constructor(endpoint: string | undefined) {
    this.#endpoint = endpoint;
  }

  /** Without an SQS endpoint every queue is taken to exist, and nothing is sent. */
  async exists(queueArn: string): Promise<boolean> {
    if (this.#endpoint === undefined) return true;
    try {
      await this.#queueUrl(queueArn);
      return true;
    } catch {
      return false;
    }
  }

  send(messages: readonly S3EventMessage[]): void {
    if (this.#endpoint === undefined) return;
    for (const message of messages) this.#last = this.#last.then(() => this.#deliver(message));
  }

  /** Waits for what is on its way, then lets go of the connections. */
  async close(): Promise<void> {
    await this.#last;
    (await this.#client)?.destroy();
  }

  async #deliver(message: S3EventMessage): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { SendMessageCommand } = await import('@aws-sdk/client-sqs');
        const QueueUrl = await this.#queueUrl(message.queueArn);
        const client = await this.#connect();
        await client.send(new SendMessageCommand({ QueueUrl, MessageBody: message.body }));
        return;
      } catch (error) {
        if (attempt === ATTEMPTS) {
          this.undelivered.push({ ...message, reason: String(error) });
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS * attempt));
      }
    }
  }

  async #queueUrl(queueArn: string): Promise<string> {
    const known = this.#urls.get(queueArn);
    if (known !== undefined) return known;
    const { GetQueueUrlCommand } = await import('@aws-sdk/client-sqs');
    const client = await this.#connect();
    const { QueueUrl } = await client.send(
      new GetQueueUrlCommand({ QueueName: queueArn.slice(queueArn.lastIndexOf(':') + 1) }),
    );
    if (QueueUrl === undefined) throw new Error(`The queue ${queueArn} does not exist.`);
    this.#urls.set(queueArn, QueueUrl);
    return QueueUrl;
  }

  /** The SDK is loaded once something must be sent: most servers never send anything, and start faster. */
  #connect(): Promise<SQSClient> {
    const endpoint = this.#endpoint;
    this.#client ??= import('@aws-sdk/client-sqs').then(
      ({ SQSClient: Client }) =>
        new Client({
          ...(endpoint === undefined ? {} : { endpoint }),
          region: 'us-east-1',
          credentials: { accessKeyId: 's3-notifications', secretAccessKey: 'local' },
        }),
    );
    return this.#client;
  }
}
