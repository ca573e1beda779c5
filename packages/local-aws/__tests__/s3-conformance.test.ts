import { S3Client } from '@aws-sdk/client-s3';
import { startLocalAws } from '../src';
import { CONFORMANCE } from '../src/s3/conformance/cases';
import { QUIET, Subject } from '../src/s3/conformance/subject';
import { MOTO_DIFFERENCES } from './moto-differences';
import { type Moto, startMoto } from './support/moto';
import { describeWith, MOTO } from './support/requirements';

const ALL = Object.entries(CONFORMANCE).flatMap(([topic, cases]) =>
  cases.map(({ name, check }) => ({ topic, name, check })),
);

const subjectAt = (endpoint: string): Subject =>
  new Subject(
    new S3Client({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'conformance', secretAccessKey: 'local' },
      maxAttempts: 1,
      logger: QUIET,
    }),
  );

test('every case has a name of its own', () => {
  expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
});

describe('the embedded S3 does what S3 does:', () => {
  let s3: Subject;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const aws = await startLocalAws({ services: ['s3'] });
    stop = aws.stop;
    s3 = subjectAt(aws.endpoints.s3);
  });
  afterAll(async () => {
    try {
      await s3.clean();
    } finally {
      s3.client.destroy();
      await stop();
    }
  });

  test.each(ALL)('$topic: $name', ({ check }) => check(s3));
});

// A second opinion, by people who do not know our server: where both agree, the case says what S3 does.
describeWith([MOTO], "moto's server agrees, but for what is known:", () => {
  let moto: Moto;
  let s3: Subject;

  beforeAll(async () => {
    moto = await startMoto();
    s3 = subjectAt(moto.endpoint);
  });
  afterAll(async () => {
    s3.client.destroy();
    await moto.stop();
  });

  test('every known difference is about a case', () => {
    const names = new Set(ALL.map(({ name }) => name));
    expect(Object.keys(MOTO_DIFFERENCES).filter((name) => !names.has(name))).toEqual([]);
  });

  test.each(ALL)('$topic: $name', async ({ name, check }) => {
    const difference = MOTO_DIFFERENCES[name];
    if (difference === undefined) return check(s3);
    const agrees = await check(s3).then(
      () => true,
      () => false,
    );
    // Thrown rather than expected, so that the reason stands in the report.
    if (agrees) throw new Error(`moto now does this; remove the known difference "${difference}"`);
  });
});
