import OpenAI from 'openai';
import {
  type EmbeddingEndpoint,
  startEmbeddingEndpoint,
} from '../../demo/embedding-endpoint/embedding-endpoint';

const MODEL = 'text-embedding-3-small';
let endpoint: EmbeddingEndpoint;
let client: OpenAI;

beforeAll(async () => {
  endpoint = await startEmbeddingEndpoint({ apiKey: 'right' });
  client = new OpenAI({ baseURL: endpoint.baseUrl, apiKey: 'right', maxRetries: 0 });
});
afterAll(() => endpoint.stop());

async function embed(input: string | string[], more: object = {}): Promise<number[][]> {
  const { data } = await client.embeddings.create({ model: MODEL, input, encoding_format: 'float', ...more });
  return data.map(({ embedding }) => embedding);
}
const dot = (a: readonly number[] = [], b: readonly number[] = []) =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
const raw = (body: unknown) =>
  fetch(`${endpoint.baseUrl}/embeddings`, {
    method: 'POST',
    headers: { authorization: 'Bearer right', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('the embedding stand-in', () => {
  test('gives one vector of 1536 dimensions and length 1 for each input, in order', async () => {
    const vectors = await embed(['TOTAL 12.50', 'Milk']);
    expect(vectors.map(({ length }) => length)).toEqual([1536, 1536]);
    for (const vector of vectors) expect(dot(vector, vector)).toBeCloseTo(1, 5);
    expect((await embed('Milk'))[0]).toEqual(vectors[1]);
  });

  test('gives the same numbers as base64, which is what the OpenAI client asks for by itself', async () => {
    const { data } = await client.embeddings.create({ model: MODEL, input: 'Milk' });
    const [floats = []] = await embed('Milk');
    expect(data[0]?.embedding).toHaveLength(1536);
    expect(dot(data[0]?.embedding, floats)).toBeCloseTo(1, 5);
    const answer = (await (await raw({ model: MODEL, input: 'Milk', encoding_format: 'base64' })).json()) as {
      data: { embedding: string }[];
    };
    expect(Buffer.from(String(answer.data[0]?.embedding), 'base64').byteLength).toBe(1536 * 4);
  });

  test('honours the dimensions that were asked for', async () => {
    expect((await embed('Milk', { dimensions: 256 }))[0]).toHaveLength(256);
  });

  test('finds the text that shares the query’s words among others', async () => {
    const texts = [
      '<EDGE> CORNER COFFEE SHOP 12 Main Street',
      'Flat white 2 x 3.80 7.60 TOTAL 7.60',
      'HARDWARE STORE hammer 12.99 nails 4.50',
      'Pharmacy ibuprofen 400mg tablets 6.20',
      'SUPERMARKET whole milk 1.19 bread 2.49',
    ];
    const vectors = await embed(texts);
    const nearest = async (query: string) => {
      const [vector] = await embed(query);
      const scores = vectors.map((each) => dot(each, vector));
      return texts[scores.indexOf(Math.max(...scores))];
    };
    expect(await nearest('hammer and nails')).toBe(texts[2]);
    expect(await nearest('Ibuprofén')).toBe(texts[3]);
    expect(await nearest('coffee')).toBe(texts[0]);
    expect(await nearest('whole milk, bread')).toBe(texts[4]);
  });

  test('does not find two texts alike because neither has neighbours', async () => {
    const [a, b] = await embed(['<EDGE> milk <EDGE>', '<EDGE> hammer <EDGE>']);
    expect(Math.abs(dot(a, b))).toBeLessThan(0.1);
  });

  test('counts its use', async () => {
    const { usage, model } = await client.embeddings.create({ model: MODEL, input: ['four', 'and four'] });
    expect(model).toBe(MODEL);
    expect(usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
  });

  test('refuses a wrong key, empty texts, too many texts and other paths', async () => {
    const stranger = new OpenAI({ baseURL: endpoint.baseUrl, apiKey: 'wrong', maxRetries: 0 });
    await expect(stranger.embeddings.create({ model: MODEL, input: 'a' })).rejects.toMatchObject({
      status: 401,
    });
    await expect(embed('')).rejects.toMatchObject({ status: 400 });
    await expect(embed([])).rejects.toMatchObject({ status: 400 });
    await expect(embed(Array.from({ length: 2049 }, () => 'a'))).rejects.toMatchObject({ status: 400 });
    await expect(client.models.list()).rejects.toMatchObject({ status: 501 });
  });

  test('misbehaves for as many requests as it was told, in order, and then no more', async () => {
    await endpoint.misbehave(
      { kind: 'rate-limited', retryAfterSeconds: 7 },
      { kind: 'server-error' },
      { kind: 'nonsense' },
      { kind: 'wrong-shape' },
      { kind: 'wrong-dimensions' },
      { kind: 'wrong-count' },
      { kind: 'zero-vectors' },
      { kind: 'hang-up' },
    );
    const request = { model: MODEL, input: ['a', 'b'] };
    const limited = await raw(request);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    expect((await raw(request)).status).toBe(500);
    await expect((await raw(request)).json()).rejects.toThrow();
    expect(await (await raw(request)).json()).toEqual({ ok: true });
    const lengths = async () =>
      ((await (await raw(request)).json()) as { data: { embedding: number[] }[] }).data.map(
        ({ embedding }) => embedding.length,
      );
    expect(await lengths()).toEqual([1535, 1535]);
    expect(await lengths()).toEqual([1536]);
    const [zero] = await embed('a');
    expect(dot(zero, zero)).toBe(0);
    await expect(raw(request)).rejects.toThrow();
    expect(await lengths()).toEqual([1536, 1536]);
  });

  test('remembers how its requests were answered, never their texts', async () => {
    await embed(['secret text', 'b']);
    const requests = await endpoint.requests();
    expect(requests.at(-1)).toEqual({ inputs: 2, status: 200, encodingFormat: 'float' });
  });
});
