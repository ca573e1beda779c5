import { type ReceiptReference, receiptIdPrefix } from '../../contracts/record-id';
import {
  openPublishedCollection,
  type PublishedSource,
} from '../../functions/enhanced-compaction/open-published';
import { embedText } from '../embedding-endpoint/embed-text';
import type { Story } from './story';

export interface Answers {
  readonly version: string;
  /** Records in the collection. */
  readonly records: number;
  /** For each question its nearest records, nearest first. */
  readonly answers: readonly (readonly {
    readonly id: string;
    readonly document: string;
    readonly distance: number;
  }[])[];
}

const NEAREST = 3;

/** What is asked, and what the record that is found must say. */
const QUESTIONS = [
  {
    claim: 'A migrated record is found',
    // Near to its record: among texts that are all far from a question, an approximate index may take one for another.
    question: 'tidewater bookshop',
    fresh: false,
    word: 'TIDEWATER',
  },
  {
    claim: 'A rescued stranded record is found',
    question: 'receipt no 1041',
    fresh: false,
    word: '1041',
  },
  {
    claim: 'A newly ingested record is found',
    // A row is embedded with those above and below it: what was bought between two things is found by all three.
    question: 'organic bananas, a sourdough loaf and oat milk',
    fresh: true,
    word: 'SOURDOUGH',
  },
] as const;

/** Finds old and new receipts in the merged collection. */
export const query = (
  story: Story,
  newReceipts: readonly ReceiptReference[],
  dimensions: number,
  source: PublishedSource,
): Promise<void> =>
  story.step('Ask the merged collection', async (step) => {
    const isNew = (id: string) => newReceipts.some((receipt) => id.startsWith(receiptIdPrefix(receipt)));
    const questions = QUESTIONS.map(({ question }) => question);
    const { version, records, answers } = await ask(questions, dimensions, source);
    step.say(`The collection lines holds ${records} records in version ${version}.`);
    for (const [index, { claim, question, fresh, word }] of QUESTIONS.entries()) {
      const [nearest] = answers[index] ?? [];
      step.say(`"${question}" finds, at a distance of ${nearest?.distance.toFixed(3)}:`);
      step.say(`  ${nearest?.document.replaceAll('\n', ' / ')}`);
      step.check(
        claim,
        nearest !== undefined && isNew(nearest.id) === fresh && nearest.document.includes(word),
        nearest?.id ?? 'nothing',
      );
    }
  });

/**
 * Asks the published `lines` collection for the lines nearest to each question, in a private copy of what the
 * pipeline published.
 */
export async function ask(
  questions: readonly string[],
  dimensions: number,
  source: PublishedSource,
): Promise<Answers> {
  const collection = await openPublishedCollection('lines', source);
  try {
    const embeddings = questions.map((question) => embedText(question, dimensions));
    return {
      version: collection.version,
      records: await collection.count(),
      answers: await collection.nearest(embeddings, NEAREST),
    };
  } finally {
    await collection.close();
  }
}
