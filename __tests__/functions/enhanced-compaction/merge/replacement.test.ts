import { CONTENT_HASH_KEY, type HashedRecord, type RecordMetadata } from '../../../../contracts/delta';
import type { StoredRecord } from '../../../../functions/enhanced-compaction/chroma/collection';
import {
  joined,
  replacedRecord,
  replacement,
  untouched,
} from '../../../../functions/enhanced-compaction/merge/replacement';

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

describe('What is stored of the same record under other spellings of its id', () => {
  const other = (metadata: RecordMetadata, document: string | null = 'TOTAL', id = ID.toUpperCase()) => ({
    id,
    document,
    metadata,
  });

  it('is taken up where nobody has said anything yet, and is lost where somebody has', () => {
    const own = replacement(
      stored({ section_label: 'HEADER', merchant_name: '' }),
      fresh({ merchant_name: '', label_status: 'unvalidated' }),
    );
    const said = {
      section_label: 'FOOTER',
      place_id: 'p1',
      label_status: 'validated',
      text: 'x',
      line_id: 7,
    };
    const { replacement: whole, hasTaken, lost } = joined(own, [other(said)]);
    const taken = { place_id: 'p1', label_status: 'validated' };
    expect(whole.update).toEqual({ ...own.update, metadata: { ...own.update.metadata, ...taken } });
    expect(whole.after).toEqual({ ...own.after, ...taken });
    expect(hasTaken).toBe(true);
    expect(lost).toEqual([
      undefined,
      {
        id: ID.toUpperCase(),
        document: 'TOTAL',
        metadata: { section_label: 'FOOTER' },
        why: 'value-changed',
      },
    ]);
  });

  it('is lost whole where its text is another, beside what the replaced one loses', () => {
    const own = replacement(stored({ place_id: 'p0' }, 'TOTAI'), fresh());
    const { replacement: whole, hasTaken, lost } = joined(own, [other({ place_id: 'p1' }, 'TOTAL 3')]);
    expect(whole).toEqual(own);
    expect(hasTaken).toBe(false);
    expect(lost.map((each) => [each?.metadata.place_id, each?.why])).toEqual([
      ['p0', 'text-changed'],
      ['p1', 'text-changed'],
    ]);
  });

  it('is taken up in order: the first that says something counts', () => {
    const others = [
      other({ a: 1 }),
      other({ a: 2, constructor: 'ACME' }, null),
      other({ a: 1, text: 'TOTAL' }, null),
    ];
    const { replacement: whole, lost } = joined(replacement(stored({}), fresh()), others);
    expect(whole.after).toEqual({ line_id: 1, a: 1, [CONTENT_HASH_KEY]: 'new' });
    expect(lost.map((each) => each?.metadata)).toEqual([
      undefined,
      undefined,
      { a: 2, constructor: 'ACME' },
      undefined,
    ]);
  });

  it('changes alone what is written of a record that is as it is to be', () => {
    const before = { line_id: 1, label_status: 'validated', [CONTENT_HASH_KEY]: 'new' };
    const own = untouched(stored(before), fresh({ label_status: 'unvalidated' }));
    expect(own).toEqual({ update: { ...fresh(), metadata: {} }, after: before, replaced: undefined });
    expect(joined(own, [other({ place_id: 'p1' })]).replacement.update.metadata).toEqual({ place_id: 'p1' });
    expect(joined(own, [other({ label_status: 'validated' })]).hasTaken).toBe(false);
  });
});
