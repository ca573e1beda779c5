import { buildApp } from 'fauxqs';
import { announce } from '../processes/loopback.js';
import { type FifoQueue, giveWholeBatches } from './fifo-batches.js';

/* What is used of fastify's request and reply; fastify is fauxqs's dependency, not ours. */
type Request = { readonly method: string; readonly url: string; readonly headers: Record<string, unknown> };
type Reply = { status(code: number): { send(body: object): unknown } };
type New<Instance> = { new (): Instance; readonly prototype: Instance };
type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>;

/**
 * The local SQS: `fauxqs` on the loopback interface. Its own starter listens on every interface and makes
 * queue URLs of the form `sqs.{region}.localhost`, which not every system resolves, so its application is built
 * here, with a store whose queue URLs name the address that the caller used. Its S3 and SNS are refused: its
 * S3 takes an unknown sub-resource for the plain verb (`DeleteBucketPolicy` deletes the bucket).
 */
const [{ SqsStore, SqsQueue }, { INVALID_MESSAGE_BODY_CHAR }, { SnsStore }, { S3Store }] = await Promise.all([
  inner<{ SqsStore: New<Stores['sqsStore']>; SqsQueue: New<FifoQueue> }>('./sqs/sqsStore.js'),
  inner<{ INVALID_MESSAGE_BODY_CHAR: RegExp }>('./sqs/sqsTypes.js'),
  inner<{ SnsStore: New<Stores['snsStore']> }>('./sns/snsStore.js'),
  inner<{ S3Store: New<Stores['s3Store']> }>('./s3/s3Store.js'),
]);
giveWholeBatches(SqsQueue.prototype);
// fauxqs counts UTF-16 units, so it refuses every character beyond the first plane; SQS takes them.
INVALID_MESSAGE_BODY_CHAR.test = (body) =>
  /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(body);
const sqsStore = new SqsStore();
sqsStore.host = '';

const app = buildApp({
  logger: false,
  stores: { sqsStore, snsStore: new SnsStore(), s3Store: new S3Store() },
});
app.addHook('onRequest', async (request: Request, reply: Reply) => {
  const json = String(request.headers['content-type']).includes('application/x-amz-json-1.0');
  if (request.method === 'POST' && request.url === '/' && json) return;
  await reply.status(501).send({ __type: 'NotImplemented', message: 'The local SQS answers SQS alone.' });
});
announce(await app.listen({ port: Number(process.argv[2] ?? 0), host: '127.0.0.1' }));

/** A module that the package's entry does not export; its version is pinned exactly. */
function inner<Module>(path: string): Promise<Module> {
  return import(new URL(path, import.meta.resolve('fauxqs')).href);
}
