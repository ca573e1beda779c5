import type { S3Client } from '@aws-sdk/client-s3';
import {
  COLLECTIONS,
  type Collection,
  perCollection,
  perCollectionAsync,
  type ReceiptRows,
  ROW_SCHEMAS,
} from '../../contracts/collections';
import { type EmbedNdjsonMessage, rowsField } from '../../contracts/messages';
import { decodeNdjson, rowRecordId } from '../../contracts/ndjson-rows';
import { messageOf } from '../shared/logging';
import { UnreadableInput } from '../shared/quarantine';
import { readObject } from '../shared/read-object';
import { sha256 } from '../shared/sha256';

/** What a receipt's NDJSON files hold. */
export interface ReceiptContent {
  readonly rows: ReceiptRows;
  /** Hexadecimal SHA-256 of each file. */
  readonly sha256: Readonly<Record<Collection, string>>;
}

/**
 * Reads the files and checks that they are one receipt's: every row is valid and names the receipt, no row
 * is there twice, every word's line is there.
 *
 * @throws {UnreadableInput} when they are not, or when a file does not exist.
 */
export async function readReceiptContent(s3: S3Client, message: EmbedNdjsonMessage): Promise<ReceiptContent> {
  const files = await perCollectionAsync(async (each) => {
    const key = message[rowsField(each)];
    const object = await readObject(s3, message.bucket, key);
    if (object !== undefined) return object.bytes;
    throw new UnreadableInput(`The message names "${key}", which does not exist. Drop the OCR result again.`);
  });
  const rows = decodeRows(files, message);
  refuseForeignRows(rows, message);
  return { rows, sha256: perCollection((each) => sha256(files[each])) };
}

function decodeRows(files: Readonly<Record<Collection, Buffer>>, message: EmbedNdjsonMessage): ReceiptRows {
  try {
    // Each collection's rows are checked by its own schema, which a map over all of them cannot say.
    return perCollection((each) =>
      decodeNdjson<ReceiptRows[Collection][number]>(
        files[each].toString(),
        ROW_SCHEMAS[each],
        message[rowsField(each)],
      ),
    ) as ReceiptRows;
  } catch (error) {
    throw new UnreadableInput(messageOf(error));
  }
}

function refuseForeignRows(rows: ReceiptRows, message: EmbedNdjsonMessage): void {
  const lineIds = new Set(rows.lines.map(({ line_id }) => line_id));
  const seen = new Set<string>();
  for (const row of COLLECTIONS.flatMap((each) => rows[each])) {
    const id = rowRecordId(row);
    if (row.image_id !== message.image_id || row.receipt_id !== message.receipt_id) {
      throw new UnreadableInput(`The NDJSON of the receipt holds a row of another receipt: ${id}.`);
    }
    if (seen.has(id)) throw new UnreadableInput(`The NDJSON of the receipt holds ${id} twice.`);
    if (!lineIds.has(row.line_id)) {
      throw new UnreadableInput(`The NDJSON of the receipt holds ${id}, but not its line.`);
    }
    seen.add(id);
  }
}
