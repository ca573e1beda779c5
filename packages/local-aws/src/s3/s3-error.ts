import { errorDocument, tag } from './xml';

/** The HTTP status that S3 sends with each error code that this server knows. */
const STATUS = {
  AccessControlListNotSupported: 400,
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  BadDigest: 400,
  BucketAlreadyExists: 409,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  ConditionalRequestConflict: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  ExpiredToken: 400,
  IllegalLocationConstraintException: 400,
  IllegalVersioningConfigurationException: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidArgument: 400,
  InvalidBucketAclWithObjectOwnership: 400,
  InvalidBucketName: 400,
  InvalidBucketState: 409,
  InvalidDigest: 400,
  InvalidObjectState: 403,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidStorageClass: 400,
  InvalidTag: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedPolicy: 400,
  MalformedXML: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  NoSuchBucket: 404,
  NoSuchBucketPolicy: 404,
  NoSuchCORSConfiguration: 404,
  NoSuchKey: 404,
  NoSuchLifecycleConfiguration: 404,
  NoSuchObjectLockConfiguration: 404,
  NoSuchPublicAccessBlockConfiguration: 404,
  NoSuchTagSet: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  NoSuchWebsiteConfiguration: 404,
  NotImplemented: 501,
  NotModified: 304,
  ObjectLockConfigurationNotFoundError: 404,
  OperationAborted: 409,
  OwnershipControlsNotFoundError: 404,
  PermanentRedirect: 301,
  PreconditionFailed: 412,
  RestoreAlreadyInProgress: 409,
  ReplicationConfigurationNotFoundError: 404,
  RequestTimeout: 400,
  ServiceUnavailable: 503,
  SlowDown: 503,
  XAmzContentSHA256Mismatch: 400,
} as const;

export type S3ErrorCode = keyof typeof STATUS;

/** Whether `code` is an error that this server can answer with; faults are checked against it. */
export const isS3ErrorCode = (code: string): code is S3ErrorCode => Object.hasOwn(STATUS, code);

/** An answer that is an error. Thrown by operations, written by the server. */
export class S3Error extends Error {
  readonly status: number;

  /**
   * @param fields - what AWS adds to the body, `Key` or `BucketName` say.
   * @param headers - headers of the answer, `x-amz-bucket-region` say.
   */
  constructor(
    readonly code: S3ErrorCode,
    message: string,
    readonly fields: Readonly<Record<string, string>> = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = STATUS[code];
  }

  toXml(resource: string, requestId: string): string {
    const fields = Object.entries({ ...this.fields, Resource: resource, RequestId: requestId });
    return errorDocument(
      tag('Code', this.code) +
        tag('Message', this.message) +
        fields.map(([name, value]) => tag(name, value)).join(''),
    );
  }
}
