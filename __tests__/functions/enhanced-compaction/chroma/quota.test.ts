import { createServer, type Server } from 'node:http';
import { listenOnLoopback } from 'local-aws';
import {
  type ChromaCollection,
  openChromaCollection,
} from '../../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../../functions/enhanced-compaction/chroma/database';
import { createDatabase, useChromaServer } from '../../../support/chroma-server';
import { useCompactionHarness, type Writer } from '../../../support/compaction-harness';
import { remoteStore } from '../../../support/remote-store';

const world = useCompactionHarness();
const chroma = useChromaServer();

interface Refusal {
  readonly status: number;
  readonly body: string;
}
/** A real Chroma behind a server that refuses what it may not do, as Chroma Cloud does. */
let front: Server;
let url: string;
let refuse: (operation: string, body: { readonly ids?: readonly string[] }) => Refusal | undefined;
let requests: string[];

beforeAll(async () => {
  front = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      const { method = 'GET', url: path = '' } = incoming;
      const operation = path.split('/').at(-1) ?? '';
      const body = Buffer.concat(chunks);
      requests.push(operation);
      const refusal = refuse(operation, method === 'POST' ? JSON.parse(body.toString()) : {});
      if (refusal !== undefined) {
        outgoing.writeHead(refusal.status, { 'content-type': 'application/json' }).end(refusal.body);
        return;
      }
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${chroma.url}${path}`, {
        method,
        headers,
        ...(method === 'POST' && { body }),
      });
      outgoing.writeHead(answer.status, headers).end(await answer.text());
    });
  });
  url = await listenOnLoopback(front);
});
afterAll(async () => {
  front.closeAllConnections();
  front.close();
});

let writer: Writer;
let stored: () => Promise<ChromaCollection | undefined>;
beforeEach(async () => {
  const database = await createDatabase(chroma.url);
  requests = [];
  refuse = () => undefined;
  writer = world.writer({ store: remoteStore(world, { url, database }) });
  stored = () => openChromaCollection(chromaDatabase({ url: chroma.url, database }), 'lines');
});
const documents = async () =>
  ((await (await stored())?.page(0, 100)) ?? []).map(({ document }) => document).sort();

const exceeded = (name: string, usage: number, limit: number, more = '') =>
  `Quota exceeded: '${name}' exceeded quota limit for action 'Add': current usage of ${usage} exceeds limit of ${limit}${more}`;
const chromaError = (message: string) => JSON.stringify({ error: 'ChromaError', message });

describe('What an account may not do more of', () => {
  it.each<[string, Refusal, string]>([
    [
      'records of the collection',
      {
        status: 422,
        body: chromaError(exceeded('Collection size (records)', 1_000_001, 1_000_000, '. SECRET')),
      },
      '"Collection size (records)" allows 1000000, and it would be 1000001, of IMAGE#',
    ],
    [
      'a quota of another form',
      { status: 422, body: chromaError('Quota exceeded: SECRET') },
      "a quota of Chroma Cloud's is exceeded",
    ],
    [
      'a quota, as earlier servers said it',
      { status: 400, body: JSON.stringify({ error: 'QuotaError', message: 'SECRET' }) },
      "a quota of Chroma Cloud's is exceeded",
    ],
    [
      'money',
      { status: 422, body: chromaError('Billing limit exceeded. Log into trychroma.com or contact SECRET') },
      'Log into trychroma.com and raise it; its runs wait until then',
    ],
  ])(
    'fails no run: %s. The error says what to do, and the next merge goes on',
    async (_what, refusal, says) => {
      const runs = [await world.arrive({ texts: ['A', 'MORE'] }), await world.arrive({ texts: ['B'] })];
      refuse = (operation) => (operation === 'add' ? refusal : undefined);
      const error: unknown = await writer.compact().catch((thrown: unknown) => thrown);
      const text = String(error);
      expect(text).toContain(says);
      expect(text).toContain('its runs wait until then');
      expect(text).not.toContain('SECRET');
      for (const run of runs) expect(await world.state(run)).toMatchObject({ state: 'PROCESSING' });

      refuse = () => undefined;
      await writer.compact();
      expect(await documents()).toEqual(['A', 'B', 'MORE']);
      for (const run of runs) expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    },
  );

  it.each([
    'Size of metadata dictionary key (bytes)',
    'Size of metadata dictionary value (bytes)',
    'Number of metadata dictionary keys',
    'Document size (bytes)',
    'ID size (bytes)',
  ])(
    '%s: one record that is too much of it FAILS its own run, with the figures, and no other',
    async (name) => {
      const before = await world.arrive({ texts: ['A'] });
      const large = await world.arrive({ texts: ['B', 'LARGE'] });
      const after = await world.arrive({ texts: ['C'] });
      const id = `IMAGE#${large.image_id}#RECEIPT#00001#LINE#00002`;
      const refusal = { status: 422, body: chromaError(exceeded(name, 41, 32)) };
      refuse = (_operation, { ids }) =>
        requests.at(-1) === 'add' && ids?.includes(id) ? refusal : undefined;
      await writer.compact();
      const { state, error } = await world.state(large);
      expect({ state, error }).toEqual({
        state: 'FAILED',
        error: expect.stringContaining(
          `"${name}" allows 32, and it would be 41, of ${id}. Chroma raises quotas`,
        ),
      });
      for (const run of [before, after]) expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    },
  );
});

describe('What a server takes alone and refuses together', () => {
  it.each([
    ['422 of a quota', 422, chromaError(exceeded('Number of records', 3, 1))],
    ['400', 400, '{}'],
    ['422', 422, '{}'],
  ])('is sent apart, and no run waits or fails: %s', async (_what, status, body) => {
    const receipt = { imageId: '11111111-2222-4333-8444-555555555555' };
    await world.arrive({
      ...receipt,
      texts: ['OLD', 'GONE', 'ALSO'],
      createdAt: new Date(Date.now() - 60_000),
    });
    await writer.compact();
    const runs = [
      await world.arrive({ ...receipt, texts: ['NEW'] }),
      await world.arrive({ texts: ['A', 'B', 'C'] }),
    ];
    refuse = (_operation, { ids = [] }) => (ids.length > 1 ? { status, body } : undefined);
    await writer.compact();
    expect(await documents()).toEqual(['A', 'B', 'C', 'NEW']);
    for (const run of runs) expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
  });
});
