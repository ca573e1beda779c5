import type { S3Client } from '@aws-sdk/client-s3';
import { FIRST_RECEIPT, ocrKeys } from '../../contracts/bucket-layout';
import type { ReceiptReference } from '../../contracts/record-id';
import { type LatestObject, lookAtLatest } from './look-at-object';

/** A receipt's own OCR object at this moment, however its image's id is spelled in the key; undefined when it has none. */
export const ownOcrObject = (
  s3: S3Client,
  bucket: string,
  receipt: ReceiptReference,
): Promise<LatestObject | undefined> => lookAtLatest(s3, bucket, ocrKeys(receipt));

/** The OCR object of the receipt of an image that may hold the others as well. */
export const firstOcrObject = (
  s3: S3Client,
  bucket: string,
  { imageId }: ReceiptReference,
): Promise<LatestObject | undefined> => ownOcrObject(s3, bucket, { imageId, receiptId: FIRST_RECEIPT });

/** The OCR object that decides of a receipt: its own, else that of its image's first. */
export const decidingOcrObject = async (
  s3: S3Client,
  bucket: string,
  receipt: ReceiptReference,
): Promise<LatestObject | undefined> =>
  (await ownOcrObject(s3, bucket, receipt)) ??
  (receipt.receiptId === FIRST_RECEIPT ? undefined : firstOcrObject(s3, bucket, receipt));
