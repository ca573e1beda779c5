import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { namesBucket, referencesTo } from '../../../../cli/migrate-buckets/discovery/references';
import { readStateFiles } from '../../../../cli/migrate-buckets/discovery/state-files';

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

  it('is found whatever stands before it, however deep JSON or a URL wraps that', () => {
    const before = fc.constantFrom(
      '\n',
      '\t',
      '\r',
      '\b',
      '\f',
      '<',
      '&',
      '/',
      '"',
      '\\',
      ' ',
      '=',
      '\u2028',
      'é',
    );
    const wrap = fc.constantFrom(JSON.stringify, encodeURIComponent, escapedForHtml);
    fc.assert(
      fc.property(before, fc.array(wrap, { maxLength: 3 }), (character, wraps) => {
        const text = wraps.reduce((inner, each) => each(inner), `see${character}receipts${character}too`);
        return namesBucket(text, 'receipts');
      }),
    );
  });
});

/** As Go writes it, and so Terraform's `jsonencode`. */
const escapedForHtml = (text: string): string =>
  JSON.stringify(text).replace(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`);

describe('a state file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'state-files-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const found = async (state: object) => {
    const path = join(folder, 'terraform.tfstate');
    await writeFile(path, JSON.stringify(state));
    const survey = { texts: await readStateFiles([path]), unchecked: [], regions: [] };
    return referencesTo(survey, 'receipts').map(({ where }) => where.slice(path.length));
  };

  it('names a bucket in its outputs, which other stacks read, as well as in its resources', async () => {
    const outputs = { bucket: { value: 'receipts', type: 'string' }, other: { value: 'receipts-2' } };
    expect(await found({ version: 4, outputs, resources: [] })).toEqual([': output bucket']);
    const user_data = '#!/bin/sh\nreceipts=1';
    const resources = [{ type: 'aws_instance', name: 'reader', instances: [{ attributes: { user_data } }] }];
    expect(await found({ version: 4, outputs: {}, resources })).toEqual([': aws_instance.reader']);
  });
});
