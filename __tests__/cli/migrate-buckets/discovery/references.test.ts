import { namesBucket } from '../../../../cli/migrate-buckets/discovery/references';

describe('a bucket name in a text', () => {
  it('is found whole, in ARNs and URLs, and never as a part of another name', () => {
    const found = [
      'receipts',
      's3://receipts/x',
      'arn:aws:s3:::receipts',
      'arn:aws:s3:::receipts/*',
      'receipts.s3.amazonaws.com',
      '{"b":"receipts"}',
      'uses receipts.',
    ];
    for (const text of found) expect([text, namesBucket(text, 'receipts')]).toEqual([text, true]);
    const other = ['receipts-old', 'old-receipts', 'receipts.old', 'my.receipts', 'receipts2'];
    for (const text of other) expect([text, namesBucket(text, 'receipts')]).toEqual([text, false]);
  });
});
