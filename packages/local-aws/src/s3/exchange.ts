import type { S3Request } from './request';
import type { Service } from './service';

/** What an operation works on. */
export interface Exchange {
  readonly request: S3Request;
  readonly service: Service;
}
