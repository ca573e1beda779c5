import {
  openPublishedCollection,
  type PublishedSource,
} from '../../functions/enhanced-compaction/open-published';
import { embedText } from '../embedding-endpoint/embed-text';

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
