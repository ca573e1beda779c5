import { buildApp } from 'fauxqs';
import { announce } from '../processes/loopback';

/* What is used of fastify's request and reply; fastify is fauxqs's dependency, not ours. */
type Request = { readonly method: string; readonly url: string; readonly headers: Record<string, unknown> };
type Reply = { status(code: number): { send(body: object): unknown } };
type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>;

/**
 * The local SQS: `fauxqs` on the loopback interface. Its own starter listens on every interface and makes
 * queue URLs of the form `sqs.{region}.localhost`, which not every system resolves, so its application is built
 * here, with a store whose queue URLs name the address that the caller used. Its S3 and SNS are refused: its
 * S3 takes an unknown sub-resource for the plain verb (`DeleteBucketPolicy` deletes the bucket).
 */
const sqsStore = await newStore<Stores['sqsStore']>('./sqs/sqsStore.js', 'SqsStore');
sqsStore.host = '';
const snsStore = await newStore<Stores['snsStore']>('./sns/snsStore.js', 'SnsStore');
const s3Store = await newStore<Stores['s3Store']>('./s3/s3Store.js', 'S3Store');

const app = buildApp({ logger: false, stores: { sqsStore, snsStore, s3Store } });
app.addHook('onRequest', async (request: Request, reply: Reply) => {
  const json = String(request.headers['content-type']).includes('application/x-amz-json-1.0');
  if (request.method === 'POST' && request.url === '/' && json) return;
  await reply.status(501).send({ __type: 'NotImplemented', message: 'The local SQS answers SQS alone.' });
});
announce(await app.listen({ port: 0, host: '127.0.0.1' }));

/** The stores are not exported by the package's entry; its version is pinned exactly. */
async function newStore<Store>(path: string, name: string): Promise<Store> {
  const inner: Record<string, new () => Store> = await import(
    new URL(path, import.meta.resolve('fauxqs')).href
  );
  const Store = inner[name];
  if (Store === undefined) throw new Error(`fauxqs has no ${name} any more. Pin the version 1.9.2.`);
  return new Store();
}
