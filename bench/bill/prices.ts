/**
 * List prices of us-east-1 in dollars as of 2026, not read again for this: look at AWS's pricing pages before you rely on
 * a sum. Amazon EFS (Standard, Elastic Throughput), Amazon S3 (Standard), DynamoDB (on demand), SQS (FIFO), Lambda (arm64,
 * first tier). Storage is left out: it is the same before and after, but for the file system's own.
 */
export const PRICES = {
  efsGigabyteWritten: 0.06,
  efsGigabyteRead: 0.03,
  /** PUT, COPY, POST, LIST. */
  s3Write: 0.005 / 1000,
  /** GET and all others but DELETE, which is free. */
  s3Read: 0.0004 / 1000,
  writeUnit: 0.625 / 1e6,
  readUnit: 0.125 / 1e6,
  fifoRequest: 0.5 / 1e6,
  lambdaRequest: 0.2 / 1e6,
  lambdaGigabyteSecond: 0.0000133334,
} as const;
