import { list, printable, row } from '../../../../cli/shared/reporters/text';
import { seededRandom } from '../../../support/seeded-random';

const cells = (...of: string[]) => ({ cells: of });
const longest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

describe('A list', () => {
  it('lets its last cell go on under itself', () => {
    const said = list(
      [cells('holds', 'owner', 'It belongs to you.'), cells('FAILS', 'soak', 'Too soon.')],
      30,
    );
    expect(said).toBe(
      ['  holds  owner  It belongs to', '                you.', '  FAILS  soak   Too soon.'].join('\n'),
    );
  });

  it('puts the last cell below the others where a key leaves no room beside itself', () => {
    const said = list([
      cells('k'.repeat(90), 'It was changed since the verification.'),
      cells('short', 'So.'),
    ]);
    expect(said).toBe(
      [
        `  ${'k'.repeat(78)}`,
        `  ${'k'.repeat(12)}`,
        '    It was changed since the verification.',
        '  short',
        '    So.',
      ].join('\n'),
    );
  });

  it('fits the width and loses no character, whatever is in it', () => {
    const random = seededRandom(1);
    const word = () => 'x'.repeat(1 + random.below(random.pick([3, 20, 1000])));
    const text = () => Array.from({ length: 1 + random.below(6) }, word).join(' ');
    for (let round = 0; round < 300; round++) {
      const columns = 1 + random.below(3);
      const rows = Array.from({ length: 1 + random.below(4) }, () =>
        cells(...Array.from({ length: columns }, text)),
      );
      const said = list(rows);
      expect(longest(said)).toBeLessThanOrEqual(80);
      const count = (of: string) => of.replace(/[^x]/g, '').length;
      expect(count(said)).toBe(count(JSON.stringify(rows)));
    }
  });
});

const FORGED = 'a\n  holds  verified\u001b[8m';

it('lets no key begin a line, nor act on the terminal', () => {
  expect(row(`${FORGED}: it differs`)).toBe('  a\\x0a  holds  verified\\x1b[8m: it differs');
  expect(list([cells(FORGED, 'so')])).toBe('  a\\x0a  holds  verified\\x1b[8m  so');
});

it('shows what turns the writing direction, or ends a line in Unicode', () => {
  expect(row('a\u202egpj.exe\u2028b\u{e0001}')).toBe('  a\\u{202e}gpj.exe\\u{2028}b\\u{e0001}');
  expect(printable('a\u202eb\n')).toBe('a\\u{202e}b\n');
});
