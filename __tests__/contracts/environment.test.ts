import { environmentSchemas, readEnvironment } from '../../contracts/environment';
import { FUNCTION_NAMES } from '../../contracts/functions';

/** A usable value for every variable that any function reads. */
const EVERYTHING: Record<string, string> = {
  CHROMADB_BUCKET: 'the-bucket',
  EMBED_NDJSON_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/1/embed-ndjson',
  LINES_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/1/lines.fifo',
  WORDS_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/1/words.fifo',
  COMPACTION_RUNS_TABLE: 'compaction-runs',
  OPENAI_SECRET_NAME: 'openai-api-key',
};

const variablesOf = (name: (typeof FUNCTION_NAMES)[number]) => Object.keys(environmentSchemas[name].shape);

/** The variables without which a function does not start. */
const required = FUNCTION_NAMES.flatMap((name) =>
  variablesOf(name)
    .filter((variable) => variable in EVERYTHING)
    .map((variable): [(typeof FUNCTION_NAMES)[number], string] => [name, variable]),
);

test.each(FUNCTION_NAMES)('%s starts with its variables and sees no other', (name) => {
  const environment = readEnvironment(name, { ...EVERYTHING, OPENAI_API_KEY: 'never read' });
  expect(variablesOf(name)).toEqual(expect.arrayContaining(Object.keys(environment)));
});

test.each(required)('%s without %s does not start, and says which variable is missing', (name, variable) => {
  const read = () => readEnvironment(name, { ...EVERYTHING, [variable]: undefined });
  expect(read).toThrow(`${name}: its environment is not usable: ${variable} (`);
});

test('every missing variable is named at once', () => {
  expect(() => readEnvironment('embed-from-ndjson', {})).toThrow(
    /CHROMADB_BUCKET.*COMPACTION_RUNS_TABLE.*OPENAI_SECRET_NAME/,
  );
});

test('a wrong value is named, but not repeated', () => {
  const read = () => readEnvironment('stream-processor', { ...EVERYTHING, LINES_QUEUE_URL: 'hunter2' });
  expect(read).toThrow('LINES_QUEUE_URL');
  expect(read).not.toThrow('hunter2');
});

test('numbers are read as numbers, and have their documented defaults', () => {
  expect(readEnvironment('reconcile-runs', EVERYTHING).RECONCILE_AFTER_SECONDS).toBe(900);
  const environment = { ...EVERYTHING, EMBEDDING_DIMENSIONS: '256' };
  expect(readEnvironment('embed-from-ndjson', environment)).toMatchObject({
    EMBEDDING_DIMENSIONS: 256,
    EMBEDDING_MODEL: 'text-embedding-3-small',
    EMBEDDING_REQUEST_INPUTS: 2_048,
    EMBEDDING_REQUEST_LENGTH: 300_000,
    EMBEDDING_TIMEOUT_SECONDS: 30,
    EMBEDDING_CONCURRENCY: 10,
    EMBEDDING_ENCODING: 'base64',
  });
});

test.each([
  ['true', true],
  ['false', false],
])('a switch that is written as %s is %p, and anything else is refused', (text, value) => {
  const read = (EMBEDDING_SEND_DIMENSIONS: string) =>
    readEnvironment('embed-from-ndjson', { ...EVERYTHING, EMBEDDING_SEND_DIMENSIONS });
  expect(read(text).EMBEDDING_SEND_DIMENSIONS).toBe(value);
  expect(() => read('off')).toThrow('EMBEDDING_SEND_DIMENSIONS');
});

test('one thing has one name: no function reads a variable that the old system spelled another way', () => {
  const names = FUNCTION_NAMES.flatMap(variablesOf);
  expect(names.filter((name) => /DYNAMO|API_KEY|COMPACTION_QUEUE_URL/.test(name))).toEqual([]);
});
