import { configurationDocument } from './bucket-configuration';
import type { Exchange } from './exchange';
import { readableVersion } from './object-reads';
import { done, type Reply, xmlReply } from './request';
import { S3Error } from './s3-error';
import type { Bucket } from './store';
import { storedConfiguration } from './stored-configuration';
import { childText, tag, xmlDocument } from './xml';

function requireLock(bucket: Bucket): void {
  if (storedConfiguration(bucket, 'object-lock') !== undefined) return;
  throw new S3Error('InvalidRequest', 'Bucket is missing Object Lock Configuration');
}

const none = () =>
  new S3Error(
    'NoSuchObjectLockConfiguration',
    'The specified object does not have a ObjectLock configuration',
  );

export function getLegalHold({ request }: Exchange, bucket: Bucket): Reply {
  requireLock(bucket);
  const { legalHold } = readableVersion(request, bucket);
  if (legalHold === undefined) throw none();
  return xmlReply(xmlDocument('LegalHold', tag('Status', legalHold)));
}

export function putLegalHold({ request }: Exchange, bucket: Bucket): Reply {
  requireLock(bucket);
  const status = childText(configurationDocument(request, 'LegalHold'), 'Status');
  if (status !== 'ON' && status !== 'OFF') throw new S3Error('MalformedXML', 'Status must be ON or OFF');
  readableVersion(request, bucket).legalHold = status;
  return done();
}

export function getRetention({ request }: Exchange, bucket: Bucket): Reply {
  requireLock(bucket);
  const { retention } = readableVersion(request, bucket);
  if (retention === undefined) throw none();
  return xmlReply(
    xmlDocument('Retention', tag('Mode', retention.mode) + tag('RetainUntilDate', retention.until)),
  );
}

export function putRetention({ request }: Exchange, bucket: Bucket): Reply {
  requireLock(bucket);
  const root = configurationDocument(request, 'Retention');
  const mode = childText(root, 'Mode');
  const until = childText(root, 'RetainUntilDate');
  if (mode === undefined || until === undefined || Number.isNaN(Date.parse(until))) {
    throw new S3Error('MalformedXML', 'Mode and RetainUntilDate must be given');
  }
  readableVersion(request, bucket).retention = { mode, until };
  return done();
}
