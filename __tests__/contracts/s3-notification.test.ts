import fc from 'fast-check';
import { s3NotificationSchema } from '../../contracts/s3-notification';

/** S3's own encoding: as a form encodes, but with `/` left as it is. */
const encoded = (key: string) =>
  new URLSearchParams({ key }).toString().slice('key='.length).replaceAll('%2F', '/');
const event = (...keys: string[]) => ({
  Records: keys.map((key) => ({
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:CompleteMultipartUpload',
    s3: { bucket: { name: 'the-bucket' }, object: { key } },
  })),
});

test('keys arrive as they are in the bucket, with plus signs, percents, spaces and every script', () => {
  const keys = fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 });
  fc.assert(
    fc.property(keys, (all) => {
      const parsed = s3NotificationSchema.parse(event(...all.map(encoded)));
      expect('Records' in parsed && parsed.Records.map(({ s3 }) => s3.object.key)).toEqual(all);
    }),
  );
});

test.each([
  ['ObjectRemoved:Delete', true],
  ['ObjectRemoved:DeleteMarkerCreated', true],
  ['LifecycleExpiration:Delete', false],
  ['ObjectRestore:Completed', false],
])('of an event %s it is known whether it changes a receipt: %s', (eventName, known) => {
  const [record] = event('ocr/a').Records;
  expect(s3NotificationSchema.safeParse({ Records: [{ ...record, eventName }] }).success).toBe(known);
});

test('a key that is not URL-encoded is refused', () => {
  expect(s3NotificationSchema.safeParse(event('100%')).success).toBe(false);
});

test("S3's test event is recognised", () => {
  const test = {
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: '2026-03-14T17:42:00Z',
    Bucket: 'the-bucket',
  };
  expect(s3NotificationSchema.parse(test)).toEqual({ Event: 's3:TestEvent' });
});
