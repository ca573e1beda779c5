import { createHash } from 'node:crypto';
import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import type { EmbedNdjsonMessage } from '../../contracts/messages';
import {
  decodeNdjson,
  type LineRow,
  lineRowSchema,
  rowRecordId,
  type WordRow,
  wordRowSchema,
} from '../../contracts/ndjson-rows';
import { messageOf } from '../shared/logging';
import { UnreadableInput } from '../shared/quarantine';

/** What a receipt's two NDJSON files hold. */
export interface ReceiptContent {
  readonly lines: LineRow[];
  readonly words: WordRow[];
  /** Hexadecimal SHA-256 of each file. */
  readonly linesSha256: string;
  readonly wordsSha256: string;
}

/**
 * Reads both files and checks that they are one receipt's: every row is valid and names the receipt, no row
 * is there twice, every word's line is there.
 *
 * @throws {UnreadableInput} when they are not, or when a file does not exist.
 */
export async function readReceiptContent(s3: S3Client, message: EmbedNdjsonMessage): Promise<ReceiptContent> {
  const [linesBytes, wordsBytes] = await Promise.all([
    readObject(s3, message.bucket, message.lines_key),
    readObject(s3, message.bucket, message.words_key),
  ]);
  let content: Pick<ReceiptContent, 'lines' | 'words'>;
  try {
    content = {
      lines: decodeNdjson(linesBytes.toString('utf8'), lineRowSchema, message.lines_key),
      words: decodeNdjson(wordsBytes.toString('utf8'), wordRowSchema, message.words_key),
    };
  } catch (error) {
    throw new UnreadableInput(messageOf(error));
  }
  refuseForeignRows(content, message);
  return { ...content, linesSha256: sha256(linesBytes), wordsSha256: sha256(wordsBytes) };
}

async function readObject(s3: S3Client, Bucket: string, Key: string): Promise<Buffer> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  } catch (error) {
    if (!(error instanceof NoSuchKey)) throw error;
    throw new UnreadableInput(`The message names "${Key}", which does not exist. Drop the OCR result again.`);
  }
}

function refuseForeignRows(
  { lines, words }: Pick<ReceiptContent, 'lines' | 'words'>,
  message: EmbedNdjsonMessage,
): void {
  const lineIds = new Set(lines.map(({ line_id }) => line_id));
  const seen = new Set<string>();
  for (const row of [...lines, ...words]) {
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

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
