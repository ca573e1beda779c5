import type { TextractBlocks, TextractExpense, TextractOcr } from '../../contracts/textract-ocr';
import { UnreadableInput } from '../shared/quarantine';
import { refuseTooMany } from './most-receipts';
import type { OcrReceipt } from './ocr-line';
import { textractLines } from './textract-lines';

/**
 * The receipts of a text answer, one for each page: places are measured on a page, so that those of two cannot be one
 * receipt's. A blank page counts, so that the number of a receipt is that of its page.
 *
 * @param parts - the whole answer, in order.
 * @throws {UnreadableInput} when a part is missing, or a line names a word that is not there.
 */
export function receiptsOfPages(parts: readonly TextractOcr[]): OcrReceipt[] {
  refuseMissingParts(parts);
  const blocks = parts.flatMap(({ Blocks }) => Blocks);
  const announced = parts.map(({ DocumentMetadata }) => DocumentMetadata?.Pages ?? 1);
  const pages = [...announced, ...blocks.map(pageOf)].reduce((most, page) => Math.max(most, page), 1);
  refuseTooMany(pages);
  return Array.from({ length: pages }, (_, index) => ({
    lines: textractLines(blocks.filter((block) => pageOf(block) === index + 1)),
  }));
}

/**
 * The receipts of an AnalyzeExpense answer, one for each of its documents.
 *
 * @param parts - the whole answer, in order.
 * @throws {UnreadableInput} when a part is missing, when a document goes over several pages, or when documents share
 *   their blocks, so that nobody can say whose text it is.
 */
export function receiptsOfExpenses(parts: readonly TextractExpense[]): OcrReceipt[] {
  refuseMissingParts(parts);
  const documents = parts.flatMap(({ ExpenseDocuments }) => ExpenseDocuments);
  const seen = new Map<string, number>();
  return documents.map(({ Blocks }, index) => {
    const pages = new Set(Blocks.map(pageOf));
    if (pages.size > 1) {
      throw new UnreadableInput(
        `The expense document ${index + 1} goes over the pages ${[...pages].join(', ')}, and places are measured on one. Drop the text of each page as a receipt of its own.`,
      );
    }
    for (const { Id } of Blocks) {
      const other = seen.get(Id);
      if (other !== undefined && other !== index) {
        throw new UnreadableInput(
          `The expense documents ${other + 1} and ${index + 1} hold the same block ${Id}: whose text it is cannot be told. Cut the receipts apart and let Textract read each image.`,
        );
      }
      seen.set(Id, index);
    }
    return { lines: textractLines(Blocks) };
  });
}

const pageOf = ({ Page }: TextractBlocks[number]): number => Page ?? 1;

function refuseMissingParts(parts: readonly { readonly NextToken?: string | null | undefined }[]): void {
  if (parts.at(-1)?.NextToken) {
    throw new UnreadableInput(
      'The Textract answer has a NextToken: its rest is missing. Join all parts, as a JSON list of them, into one file.',
    );
  }
  const early = parts.slice(0, -1).findIndex(({ NextToken }) => !NextToken);
  if (early >= 0) {
    throw new UnreadableInput(
      `Part ${early + 1} of ${parts.length} of the Textract answer has no NextToken, as only the last has none. Join the parts of one answer, in their order.`,
    );
  }
}
