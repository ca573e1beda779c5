import { describePlacement } from '../../../../cli/migrate-buckets/listing/describe-placement';
import { ALL_LIVE } from '../../../../contracts/migrate-buckets/plan';

const ARCHIVED = { archived: [''], live: [] };
const MIXED = { archived: ['words/', 'archive/other/'], live: [] };
const ONLY_WORDS = { archived: [''], live: ['words/snapshot/', 'words/delta/'] };

it.each([
  [ALL_LIVE, []],
  [ARCHIVED, ['All of old goes under archive/old/ of new.']],
  [{ ...ARCHIVED, folder: 'again' }, ['All of old goes under archive/again/ of new.']],
  [MIXED, ['Of old, words/, archive/other/ go under archive/old/ of new; all else keeps its key.']],
  [
    ONLY_WORDS,
    ['Of old, words/snapshot/, words/delta/ keep their keys; all else goes under archive/old/ of new.'],
  ],
  [
    {
      ...ALL_LIVE,
      filters: [
        { action: 'exclude' as const, glob: '*' },
        { action: 'include' as const, glob: 'a b' },
      ],
    },
    ['Of old, not all is taken: --exclude "*", --include "a b".'],
  ],
  [
    { ...ARCHIVED, filters: [{ action: 'exclude' as const, glob: '*' }] },
    ['What is taken of old goes under archive/old/ of new.', 'Of old, not all is taken: --exclude "*".'],
  ],
  [
    { ...MIXED, filters: [{ action: 'exclude' as const, glob: '*' }] },
    [
      'Of old, words/, archive/other/ go under archive/old/ of new; all else keeps its key.',
      'Of old, not all is taken: --exclude "*".',
    ],
  ],
  [
    { ...ONLY_WORDS, filters: [{ action: 'exclude' as const, glob: '*' }] },
    [
      'Of old, words/snapshot/, words/delta/ keep their keys; all else goes under archive/old/ of new.',
      'Of old, not all is taken: --exclude "*".',
    ],
  ],
])('says of %j: %j', (placement, sentences) => {
  expect(describePlacement({ source: 'old', destination: 'new', placement })).toEqual(sentences);
});
