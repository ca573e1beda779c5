import { CONTENT_HASH_KEY, type HashedRecord, type RecordMetadata } from '../../../../contracts/delta';
import type { StoredRecord } from '../../../../functions/enhanced-compaction/chroma/collection';
import { replacedRecord, replacement } from '../../../../functions/enhanced-compaction/merge/replacement';

const ID = 'IMAGE#11111111-2222-4333-8444-555555555555#RECEIPT#00001#LINE#00001';
const stored = (metadata: RecordMetadata, document: string | null = 'TOTAL'): StoredRecord => ({
  id: ID,
  document,
  metadata,
});
const fresh = (metadata: RecordMetadata = {}, document = 'TOTAL'): HashedRecord => ({
  id: ID,
  document,
  metadata: { line_id: 1, ...metadata },
  embedding: Float32Array.of(1, 2),
  contentHash: 'new',
});

describe('A record that takes the place of one with the same text', () => {
  it('leaves foreign keys alone: what is not named stays as Chroma has it', () => {
    const before = { line_id: 7, section_label: 'HEADER', label_confidence: { '#number': '1.0' } };
    expect(replacement(stored(before), fresh())).toEqual({
      update: { ...fresh(), metadata: { line_id: 1 } },
      after: {
        line_id: 1,
        section_label: 'HEADER',
        label_confidence: { '#number': '1.0' },
        [CONTENT_HASH_KEY]: 'new',
      },
      replaced: undefined,
    });
  });

  it('takes away the pipeline’s own keys that it has not, and never the content hash, which it sets', () => {
    const before = { prev_line: 'x', text: 'TOTAL', [CONTENT_HASH_KEY]: 'old' };
    const { update, after } = replacement(stored(before), fresh());
    expect(update.metadata).toEqual({ line_id: 1, prev_line: null, text: null });
    expect(after).toEqual({ line_id: 1, [CONTENT_HASH_KEY]: 'new' });
  });

  it('does not write a fresh value over what somebody said', () => {
    const said = { label_status: 'validated', merchant_name: 'DELI' };
    const { update, after, replaced } = replacement(
      stored(said),
      fresh({ label_status: 'unvalidated', merchant_name: '' }),
    );
    expect(update.metadata).toEqual({ line_id: 1 });
    expect(after).toMatchObject(said);
    expect(replaced).toBeUndefined();
  });

  it('writes a fresh value where nobody said anything, or the same', () => {
    const defaults = { label_status: 'unvalidated', merchant_name: '' };
    for (const before of [{}, defaults]) {
      const { update, replaced } = replacement(stored(before), fresh(defaults));
      expect(update.metadata).toEqual({ line_id: 1, ...defaults });
      expect(replaced).toBeUndefined();
    }
  });

  it('takes a fresh value away that it does not have itself: it tells nothing', () => {
    expect(replacement(stored({ merchant_name: '' }), fresh()).update.metadata).toEqual({
      line_id: 1,
      merchant_name: null,
    });
  });

  it('gives a foreign key a value of its own where it has one, and the value before is not lost', () => {
    const { update, replaced } = replacement(
      stored({ merchant_name: 'DELI', section_label: 'HEADER' }),
      fresh({ merchant_name: 'BAKERY' }),
    );
    expect(update.metadata).toEqual({ line_id: 1, merchant_name: 'BAKERY' });
    expect(replaced).toEqual({
      id: ID,
      document: 'TOTAL',
      metadata: { merchant_name: 'DELI' },
      why: 'value-changed',
    });
  });

  it('is known by the text in the metadata where the record before was stored without a document', () => {
    const before = { text: 'TOTAL', section_label: 'HEADER' };
    expect(replacement(stored(before, null), fresh()).replaced).toBeUndefined();
    expect(replacement(stored(before, null), fresh({}, 'TOTAI')).replaced?.why).toBe('text-changed');
    // The document counts where there is one, be it empty.
    expect(replacement(stored(before, ''), fresh()).replaced?.why).toBe('text-changed');
  });

  it('is not confused by keys that every object has', () => {
    const before = { constructor: 'ACME', toString: 'x' };
    const { update, after } = replacement(stored(before), fresh());
    expect(update.metadata).toEqual({ line_id: 1 });
    expect(after).toMatchObject(before);
    const other = replacement(stored(before), fresh({}, 'OTHER'));
    expect(other.update.metadata).toEqual({ line_id: 1, constructor: null, toString: null });
    expect(other.replaced?.metadata).toEqual(before);
  });
});

describe('A record that takes the place of one with another text', () => {
  it('takes everything away that it has not itself, and hands over what was foreign', () => {
    const before = { line_id: 7, prev_line: 'x', label_status: 'validated', valid_labels_array: ['TOTAL'] };
    const { update, after, replaced } = replacement(
      stored(before, 'TOTAI'),
      fresh({ label_status: 'unvalidated' }),
    );
    expect(update.metadata).toEqual({
      line_id: 1,
      label_status: 'unvalidated',
      prev_line: null,
      valid_labels_array: null,
    });
    expect(after).toEqual({ line_id: 1, label_status: 'unvalidated', [CONTENT_HASH_KEY]: 'new' });
    expect(replaced).toEqual({
      id: ID,
      document: 'TOTAI',
      metadata: { label_status: 'validated', valid_labels_array: ['TOTAL'] },
      why: 'text-changed',
    });
  });

  it('hands nothing over where nothing was foreign', () => {
    const before = { line_id: 7, label_status: 'unvalidated', merchant_name: '' };
    expect(replacement(stored(before, 'TOTAI'), fresh()).replaced).toBeUndefined();
  });
});

describe('What a record loses', () => {
  it('is every foreign value that does not stand there afterwards, in value and type', () => {
    const before = stored({ a: 'x', b: ['x'], c: { '#number': '1.0' }, d: true, prev_line: 'x' });
    expect(
      replacedRecord(before, JSON.parse(JSON.stringify(before.metadata)), 'value-changed'),
    ).toBeUndefined();
    expect(replacedRecord(before, { a: 'x', b: ['x', 'y'], c: 1, d: true }, 'value-changed')).toEqual({
      id: ID,
      document: 'TOTAL',
      metadata: { b: ['x'], c: { '#number': '1.0' } },
      why: 'value-changed',
    });
    expect(replacedRecord(before, {}, 'record-gone')?.metadata).toEqual({
      a: 'x',
      b: ['x'],
      c: { '#number': '1.0' },
      d: true,
    });
  });
});
