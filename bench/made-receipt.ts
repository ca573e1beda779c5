import { randomBytes, randomUUID } from 'node:crypto';
import { runOfLines } from '../__tests__/support/runs';
import { contentHash, type DeltaHeader, type DeltaRecord } from '../contracts/delta';
import { type EmbeddingSpace, TEXT_FORMAT_VERSION } from '../contracts/embedding';
import { recordId } from '../contracts/record-id';
import { encodeDelta } from '../functions/shared/delta-file';

/** A receipt of so many new lines with random vectors: its delta as bytes, what is in it, and its run. */
export function makeReceipt(embedding: EmbeddingSpace, count: number) {
  const receipt = { imageId: randomUUID(), receiptId: 1 };
  const records = Array.from({ length: count }, (_, index): DeltaRecord => {
    const lineId = index + 1;
    const content = {
      document: `line ${lineId} of a receipt, with the line above and the line below it`,
      metadata: { image_id: receipt.imageId, receipt_id: receipt.receiptId, line_id: lineId },
      embedding: Float32Array.from({ length: embedding.dimensions }, () => Math.random() - 0.5),
    };
    const { document: embeddedText } = content;
    const id = recordId({ ...receipt, lineId });
    return { id, ...content, embeddedText, contentHash: contentHash(content) };
  });
  const header: DeltaHeader = {
    format_version: 1,
    run_id: randomBytes(16).toString('hex'),
    collection: 'lines',
    image_id: receipt.imageId,
    receipt_id: receipt.receiptId,
    created_at: new Date().toISOString(),
    model: embedding.model,
    dimensions: embedding.dimensions,
    text_format_version: TEXT_FORMAT_VERSION,
    records: count,
  };
  const bytes = encodeDelta({ header, records });
  return { run: runOfLines(header, bytes), bytes, records };
}
