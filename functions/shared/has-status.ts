import { S3ServiceException } from '@aws-sdk/client-s3';

/** Whether S3 refused with one of these HTTP statuses: 412 where a condition does not hold, 409 while another write is under way. */
export const hasStatus = (error: unknown, ...statuses: readonly number[]): boolean =>
  error instanceof S3ServiceException && statuses.includes(error.$metadata.httpStatusCode ?? 0);
